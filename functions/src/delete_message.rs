//! `DELETE /api/conversations/{conversationId}/messages/{messageId}`: removes a message's content.

use http::StatusCode;
use lambda_http::Request;
use shared::answer::{self, Answer};
use shared::error::Error;
use shared::store::Store;

use crate::path;

pub(crate) async fn handle(store: &Store, request: &Request) -> Result<Answer, Error> {
    let conversation = path::conversation_id(request)?;
    let message = path::message_id(request)?;

    store.delete(&conversation, &message).await?;

    let body = "{\"message\":\"Message deleted successfully\"}";
    Ok(answer::json(StatusCode::OK, body))
}
