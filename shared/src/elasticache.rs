//! Logging in to ElastiCache with IAM authentication.
//!
//! - [`token`]: signs the tokens that serve as passwords. Each connection logs in with a token of its
//!   own, and is replaced before ElastiCache ends it.

pub mod token;
