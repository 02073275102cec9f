//! The headers by which a request that is sent again does what it asks for once.

use http::HeaderName;

/// The client's name for the request.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// `true` in a response to a request that had been answered before.
pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
