//! The domain's types. They are parsed from what a client sent, so that a value is always valid.
//!
//! The domain knows nothing of Redis, HTTP or Lambda.

pub mod conversation;
pub mod cursor;
pub mod field;
pub mod idempotency;
pub mod limits;
pub mod message;
pub mod timestamp;
