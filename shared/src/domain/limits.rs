//! The limits on requests.

/// How many bytes a request's body may have.
pub const MAX_BODY_BYTES: usize = 128 * 1024;

/// How many bytes of UTF-8 a message's content may have.
pub const MAX_CONTENT_BYTES: usize = 16 * 1024;

/// How many seconds a request may wait for events. API Gateway's own limit is 30
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>).
pub const MAX_WAIT_SECONDS: u64 = 25;
