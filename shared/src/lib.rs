//! The domain and the stores that Parley's handlers are built on.
//!
//! - [`domain`]: conversations, messages and cursors, parsed from what a client sent.
//! - [`auth`]: tokens, and what their holders may do.
//! - [`event_log`]: the bytes of a conversation, as they are stored and read; without input or output.
//! - [`store`]: creating, sending, reading, deleting and following, in Redis or in this process's
//!   memory.
//! - [`error`]: the ways in which a request can fail.
//! - [`elasticache`]: logging in to ElastiCache.
//! - [`config`]: the environment variables; [`logging`]: the log of the process.
//!
//! Dependencies point one way: the stores know the log, and the log knows the domain. The domain knows
//! nothing of Redis, HTTP or Lambda.

pub mod auth;
pub mod config;
pub mod domain;
pub mod elasticache;
pub mod error;
pub mod event_log;
pub mod logging;
pub mod store;
