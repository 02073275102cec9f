//! What Parley's four handlers stand on.
//!
//! - [`conversation`], [`message`], [`timestamp`], [`idempotency`], [`cursor`]: the domain, each
//!   type parsed from what a client sent, or refused.
//! - [`tokens`], [`speaker`]: who makes a request, and what it may do.
//! - [`event_log`]: the bytes in which a conversation is kept and answered; pure, without input or output.
//! - [`store`]: creating, sending, reading, deleting and following, in Redis or in this process's
//!   memory.
//! - [`error`]: everything that a request can end in but success; [`field`]: what it is about.
//! - [`answer`]: HTTP answers, and the one function that turns an error into a status and a code.
//! - [`limits`]: how much of anything there may be.
//! - [`iam`]: logging in to ElastiCache.
//! - [`config`], [`logging`]: what is set from outside, and what is told to the outside.
//!
//! Arrows point one way: the stores know the log, the log knows the domain, and the domain knows
//! nothing of Redis or HTTP.

pub mod answer;
pub mod config;
pub mod conversation;
pub mod cursor;
pub mod error;
pub mod event_log;
pub mod field;
pub mod iam;
pub mod idempotency;
pub mod limits;
pub mod logging;
pub mod message;
pub mod speaker;
pub mod store;
pub mod timestamp;
pub mod tokens;
