//! The ids in a request's path.

use lambda_http::{Request, RequestExt};
use shared::conversation::ConversationId;
use shared::error::Error;
use shared::message::MessageId;

pub(crate) fn conversation_id(request: &Request) -> Result<ConversationId, Error> {
    match request.path_parameters_ref().and_then(|path| path.first("conversationId")) {
        Some(id) => id.parse(),
        None => Err(Error::InvalidConversationId),
    }
}

pub(crate) fn message_id(request: &Request) -> Result<MessageId, Error> {
    match request.path_parameters_ref().and_then(|path| path.first("messageId")) {
        Some(id) => id.parse(),
        None => Err(Error::InvalidMessageId),
    }
}
