//! The limits on requests.

/// How many bytes a request's body may have.
pub const MAX_BODY_BYTES: usize = 128 * 1024;

/// How many bytes of UTF-8 a message's content may have.
pub const MAX_CONTENT_BYTES: usize = 16 * 1024;

/// How many bytes a conversation's metadata may have, without white space.
pub const MAX_METADATA_BYTES: usize = 4 * 1024;

/// How many characters (Unicode code points) an agent's name may have.
pub const MAX_NAME_CHARACTERS: usize = 64;

/// How many characters (Unicode code points) the reason for closing may have.
pub const MAX_REASON_CHARACTERS: usize = 256;

/// How many seconds a request may wait for events. API Gateway's own limit is 30
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>).
pub const MAX_WAIT_SECONDS: u64 = 25;
