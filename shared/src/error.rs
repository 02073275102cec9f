//! The errors that a request can end in.

use thiserror::Error;

use crate::domain::cursor::Cursor;
use crate::domain::field::Field;
use crate::domain::limits::{MAX_BODY_BYTES, MAX_CONTENT_BYTES, MAX_WAIT_SECONDS};
use crate::domain::queue::LIMITS;

/// An error. Its text is the sentence that the client reads. The last two have a cause, which only
/// the log tells.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each has a sentence")]
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
    #[error("The header Idempotency-Key of a creation must be a random UUID (v4) with hyphens.")]
    InvalidCreationKey,
    #[error("The header If-Match must be * or one ETag of the conversation, like \"123\".")]
    InvalidIfMatch,
    #[error("The field \"sender\" of a \"joined\" must be \"agent\".")]
    CustomerJoined,
    #[error("The cursor does not belong to this conversation.")]
    InvalidCursor,
    #[error(
        "The parameter \"wait\" must be a whole number of seconds from 0 to {MAX_WAIT_SECONDS}."
    )]
    InvalidWait,
    #[error("The parameter \"limit\" must be a whole number from {} to {}.", LIMITS.start(), LIMITS.end())]
    InvalidLimit,
    #[error("A token is required: send it in the header Authorization, after \"Bearer \".")]
    Unauthorized,
    #[error("The token is invalid, expired or not yet valid.")]
    InvalidToken,
    #[error("The token is for another conversation.")]
    ForbiddenConversation,
    #[error("The waiting conversations are for agents whose token is for every conversation.")]
    ForbiddenQueue,
    #[error("The token is for one conversation, and cannot create another.")]
    ForbiddenCreation,
    #[error("The field \"sender\" must be the role of the token.")]
    ForbiddenSender,
    #[error("A customer's token can delete only the customer's messages.")]
    ForbiddenDeletion,
    #[error("A customer's token cannot delete a conversation.")]
    ForbiddenConversationDeletion,
    #[error("The conversation does not exist: it has expired, or it never existed.")]
    ConversationNotFound,
    #[error("The conversation has no such message.")]
    MessageNotFound,
    #[error(
        "The request must have one header Host, which names a host and perhaps a port (RFC 9112, \
         section 3.2)."
    )]
    InvalidHost,
    #[error("The path does not exist.")]
    RouteNotFound,
    #[error(
        "This function answers requests of an HTTP API (payload format 2.0), not of a function URL, \
         a REST API or a load balancer."
    )]
    UnsupportedEvent,
    #[error(
        "The path does not support this method; the header Allow names those that it supports."
    )]
    MethodNotAllowed(String),
    #[error("The conversation is closed.")]
    ConversationClosed,
    #[error("Another agent has taken the conversation.")]
    AlreadyJoined,
    #[error("The conversation has changed since the version in the header If-Match.")]
    ConversationChanged(Cursor),
    #[error("The conversation is full; the message was not added.")]
    ConversationFull,
    #[error("The field \"content\" is larger than {MAX_CONTENT_BYTES} bytes of UTF-8.")]
    ContentTooLarge,
    #[error("The body must not be encoded: the header Content-Encoding can only be \"identity\".")]
    UnsupportedEncoding,
    #[error("The body is larger than {MAX_BODY_BYTES} bytes.")]
    BodyTooLarge,
    #[error("The Idempotency-Key was used before for another request.")]
    IdempotencyKeyReused,
    #[error(
        "Too many connections are open; MAX_CONNECTIONS limits them. Retry the request, on another \
         connection."
    )]
    TooManyConnections,
    #[error("An internal error occurred.")]
    Internal(#[source] Cause),
    #[error("The message store is unavailable. Retry the request.")]
    StoreUnavailable(#[source] Cause),
}

/// The cause of an error that is not the client's.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;
