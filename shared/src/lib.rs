//! What Parley's handlers stand on.
//!
//! - [`domain`]: conversations, messages, cursors: each type is parsed from what a client sent.
//! - [`auth`]: tokens, and what their bearers may do.
//! - [`event_log`]: the bytes in which a conversation is kept and answered; pure, without input or
//!   output.
//! - [`store`]: creating, sending, reading, deleting and following, in Redis or in this process's
//!   memory.
//! - [`error`]: everything that a request can end in but success.
//! - [`elasticache`]: logging in to ElastiCache.
//! - [`config`], [`logging`]: what is set from outside, and what is told to the outside.
//!
//! Arrows point one way: the stores know the log, the log knows the domain, and the domain knows
//! nothing of Redis, HTTP or Lambda.

pub mod auth;
pub mod config;
pub mod domain;
pub mod elasticache;
pub mod error;
pub mod event_log;
pub mod logging;
pub mod store;
