//! What Redis's replies and errors mean.

use redis::{ErrorKind, RedisError, ServerErrorKind, Value};

use crate::error::Error;

/// The words in which the scripts refuse.
pub(super) fn refusal(word: &str) -> Option<Error> {
    match word {
        "conversation_not_found" => Some(Error::ConversationNotFound),
        "forbidden" => Some(Error::ForbiddenDeletion),
        "message_not_found" => Some(Error::MessageNotFound),
        "conversation_full" => Some(Error::ConversationFull),
        "idempotency_key_reused" => Some(Error::IdempotencyKeyReused),
        _ => None,
    }
}

pub(super) fn text(reply: Value) -> Result<String, Error> {
    match reply {
        Value::BulkString(bytes) => String::from_utf8(bytes).map_err(|_| unexpected()),
        _ => Err(unexpected()),
    }
}

/// Says nothing of the reply itself, which may hold a message's content.
pub(super) fn unexpected() -> Error {
    Error::Internal("Redis answered in a way that none of our commands is answered".into())
}

/// A command that Redis understood and refused as wrong (`ERR`) is a bug of ours; everything else
/// is Redis's state or the way to it.
pub(super) fn failure(error: RedisError) -> Error {
    match error.kind() {
        ErrorKind::Server(ServerErrorKind::ResponseError) => Error::Internal(error.into()),
        _ => Error::StoreUnavailable(error.into()),
    }
}
