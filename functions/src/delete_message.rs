//! `DELETE /api/conversations/{conversationId}/messages/{messageId}`: removes a message's content.

use http::StatusCode;
use lambda_http::Request;
use shared::answer::{self, Answer};
use shared::error::Error;

use crate::path;
use crate::route::Route;
use crate::service::Service;
use crate::speaker::entering;

pub(crate) async fn handle(service: &Service, request: &Request) -> Result<Answer, Error> {
    let (speaker, conversation) = entering(Route::DeleteMessage, service, request)?;
    let message = path::message_id(request)?;

    service.store.delete(&conversation, &message, speaker.may_delete_of()).await?;

    let body = "{\"message\":\"Message deleted successfully\"}";
    Ok(answer::json(StatusCode::OK, body))
}
