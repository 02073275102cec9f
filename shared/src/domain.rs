//! The domain's types. They are parsed from what a client sent, so that a value is always valid.
//!
//! The domain knows nothing of Redis, HTTP or Lambda.

mod body;
pub mod conversation;
pub mod creation;
pub mod cursor;
mod digest;
pub mod event;
pub mod field;
pub mod idempotency;
pub mod limits;
pub mod message;
pub mod message_id;
pub mod metadata;
pub mod queue;
pub mod seen;
pub mod sender;
pub mod taker;
pub mod timestamp;
pub mod version;
