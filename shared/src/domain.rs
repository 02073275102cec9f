//! The domain: each type is parsed from what a client sent, or refused.
//!
//! It knows nothing of Redis, HTTP or Lambda.

pub mod conversation;
pub mod cursor;
pub mod field;
pub mod idempotency;
pub mod limits;
pub mod message;
pub mod timestamp;
