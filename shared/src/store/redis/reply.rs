//! What Redis's replies and errors mean.

use redis::RedisError;

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

/// What ends in an error was done wholly or not at all, whether Redis could not be reached or is not
/// set up for us.
pub(super) fn failure(error: RedisError) -> Error {
    Error::StoreUnavailable(error.into())
}
