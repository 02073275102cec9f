//! What Redis's replies and errors mean.

use redis::{ErrorKind, RedisError, ServerErrorKind};

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

/// A command that Redis understood and refused as wrong (`ERR`) is a bug of ours; everything else
/// is Redis's state or the way to it.
pub(super) fn failure(error: RedisError) -> Error {
    match error.kind() {
        ErrorKind::Server(ServerErrorKind::ResponseError) => Error::Internal(error.into()),
        _ => Error::StoreUnavailable(error.into()),
    }
}
