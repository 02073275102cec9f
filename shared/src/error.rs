//! Everything that a request can end in but success.

use thiserror::Error;

use crate::domain::field::Field;
use crate::domain::limits::{MAX_BODY_BYTES, MAX_CONTENT_BYTES, MAX_WAIT_SECONDS};

/// What went wrong. The text is the sentence that the client reads; of the last two, whose causes
/// are for the log alone, it says nothing more than that they happened.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the sentence of each says what it is")]
pub enum Error {
    #[error("The body is not a JSON object: {0}.")]
    InvalidJson(String),
    #[error("The field \"{}\" is missing.", .0.name())]
    MissingField(Field),
    #[error("The field \"{}\" must be {}.", .0.name(), .0.expectation())]
    InvalidField(Field),
    #[error("The conversationId in the path is not a UUID.")]
    InvalidConversationId,
    #[error("The messageId in the path is not a UUID.")]
    InvalidMessageId,
    #[error("The header Idempotency-Key must be 1 to 255 visible ASCII characters.")]
    InvalidIdempotencyKey,
    #[error("The cursor is not one that this conversation gave out.")]
    InvalidCursor,
    #[error(
        "The parameter \"wait\" must be a whole number of seconds from 0 to {MAX_WAIT_SECONDS}."
    )]
    InvalidWait,
    #[error("A token is needed: the header Authorization must be \"Bearer \" and one.")]
    Unauthorized,
    #[error("The token is not good: it has ended, has not begun, or was not given out here.")]
    InvalidToken,
    #[error("The token is for another conversation.")]
    ForbiddenConversation,
    #[error("The field \"sender\" is not the role of the token.")]
    ForbiddenSender,
    #[error("The message is not the customer's own; the token may delete no others.")]
    ForbiddenDeletion,
    #[error("There is no such conversation: it has expired, or never was.")]
    ConversationNotFound,
    #[error("There is no such message in this conversation.")]
    MessageNotFound,
    #[error("There is no such route.")]
    RouteNotFound,
    #[error("This route does not answer that method; the header Allow names those it does.")]
    MethodNotAllowed,
    #[error("The conversation is full; the message was not added.")]
    ConversationFull,
    #[error("The field \"content\" is larger than {MAX_CONTENT_BYTES} bytes of UTF-8.")]
    ContentTooLarge,
    #[error("The body is larger than {MAX_BODY_BYTES} bytes.")]
    BodyTooLarge,
    #[error("The Idempotency-Key was used before in this conversation, with another body.")]
    IdempotencyKeyReused,
    #[error("Something went wrong on our side.")]
    Internal(#[source] Cause),
    #[error("The message store cannot be reached; please try again.")]
    StoreUnavailable(#[source] Cause),
}

/// What lies behind an error that is not the client's doing.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;
