//! HTTP without a server: what the handlers take and give, wherever they run.
//!
//! - [`request`]: a request, from Lambda or from the local router.
//! - [`response`]: a response; [`body`]: its body, whole or streamed.
//! - [`error`]: the one function that turns an error into a status and a code.

pub mod body;
pub mod error;
pub mod idempotency;
pub mod request;
pub mod response;
