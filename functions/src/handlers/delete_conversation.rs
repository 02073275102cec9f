//! `DELETE /api/conversations/{conversationId}`: deletes a conversation with all that belongs to it.

use http::StatusCode;
use shared::error::Error;

use crate::auth::authorize;
use crate::http::request::Request;
use crate::http::response::{self, Response};
use crate::state::AppState;

pub(crate) async fn handle(state: &AppState, request: &Request) -> Result<Response, Error> {
    let (principal, conversation) = authorize(state, request)?;
    principal.require_deletion_of_conversation()?;

    state.store.delete_conversation(&conversation).await?;

    let body = "{\"message\":\"Conversation deleted successfully\"}";
    Ok(response::json(StatusCode::OK, body))
}
