//! HTTP without a server: what the handlers take and give, wherever they run.
//!
//! - [`request`]: a request, from Lambda or from the local router.
//! - [`response`]: a response; [`body`]: its body, whole or streamed.
//! - [`error`]: the one function that turns an error into a status and a code.
//! - `following`: what a request to follow says; `event_stream`: server-sent events.
//! - [`idempotency`]: the headers of requests that are sent again.

pub mod body;
pub mod error;
pub(crate) mod event_stream;
pub(crate) mod following;
pub mod idempotency;
pub mod request;
pub mod response;
