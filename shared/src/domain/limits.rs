//! How much of anything there may be.

/// Bytes of a request's body.
pub const MAX_BODY_BYTES: usize = 128 * 1024;

/// Bytes of UTF-8 of a message's content.
pub const MAX_CONTENT_BYTES: usize = 16 * 1024;

/// Seconds that a request may be held: API Gateway gives up after 30
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>).
pub const MAX_WAIT_SECONDS: u64 = 25;
