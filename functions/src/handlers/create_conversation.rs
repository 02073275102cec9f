//! `POST /api/conversations`: creates a conversation, and a token for its customer.

use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use shared::domain::conversation::ConversationId;
use shared::error::Error;

use crate::auth::authorize_creation;
use crate::http::request::Request;
use crate::http::response::{self, Response};
use crate::state::AppState;

pub(crate) async fn handle(state: &AppState, request: &Request) -> Result<Response, Error> {
    authorize_creation(state, request)?;
    let id = ConversationId::random();
    state.store.create(&id).await?;

    let body = match &state.tokens {
        None => format!("{{\"conversationId\":\"{id}\"}}"),
        Some(tokens) => {
            let token = tokens.for_customer(&id)?;
            format!("{{\"conversationId\":\"{id}\",\"customerToken\":\"{token}\"}}")
        }
    };
    let mut response = response::json(StatusCode::CREATED, body);
    let location = HeaderValue::try_from(format!("/api/conversations/{id}"));
    let location = location.map_err(|error| Error::Internal(error.into()))?;
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}
