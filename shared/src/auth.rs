//! Authentication and authorization.
//!
//! - [`tokens`]: signs tokens and verifies them.
//! - [`principal`]: the principal of a request, and what it may do.

mod hs256;
pub mod principal;
pub mod tokens;
