//! `DELETE /api/conversations/{conversationId}/messages/{messageId}`: deletes a message's content.

use http::StatusCode;
use shared::error::Error;

use crate::auth::authorize;
use crate::http::request::Request;
use crate::http::response::{self, Response};
use crate::state::AppState;

pub(crate) async fn handle(state: &AppState, request: &Request) -> Result<Response, Error> {
    let (principal, conversation) = authorize(state, request)?;
    let message = request.message_id()?;

    state.store.delete(&conversation, &message, principal.may_only_delete_of()).await?;

    let body = "{\"message\":\"Message deleted successfully\"}";
    Ok(response::json(StatusCode::OK, body))
}
