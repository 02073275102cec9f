//! Logging in to ElastiCache with IAM authentication.
//!
//! - [`token`]: signs the tokens that serve as passwords.
//! - [`renewal`]: gives them to connections.

pub mod renewal;
pub mod token;
