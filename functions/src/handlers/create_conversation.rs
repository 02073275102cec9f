//! `POST /api/conversations`: creates a conversation, once per idempotency key, and a token for its
//! customer.

use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use shared::domain::creation::CreationKey;
use shared::domain::metadata::Metadata;
use shared::error::Error;
use shared::store::{Created, PendingConversation};

use crate::auth::authorize_creation;
use crate::http::idempotency::{IDEMPOTENCY_KEY, IDEMPOTENCY_REPLAYED};
use crate::http::request::Request;
use crate::http::response::{self, Response};
use crate::state::AppState;

pub(crate) async fn handle(state: &AppState, request: &Request) -> Result<Response, Error> {
    authorize_creation(state, request)?;
    let key = request.header(IDEMPOTENCY_KEY).map_err(|_| Error::InvalidCreationKey)?;
    let key: Option<CreationKey> = key.map(str::parse).transpose()?;
    let metadata = Metadata::from_body(request.plain_body()?)?;

    let conversation = PendingConversation::new(key.as_ref(), metadata.as_ref());
    let created = state.store.create(&conversation).await?;

    let id = conversation.id();
    let body = match &state.tokens {
        None => format!("{{\"conversationId\":\"{id}\"}}"),
        Some(tokens) => {
            let token = tokens.for_customer(id)?;
            format!("{{\"conversationId\":\"{id}\",\"customerToken\":\"{token}\"}}")
        }
    };
    let mut response = response::json(StatusCode::CREATED, body);
    let location = HeaderValue::try_from(format!("/api/conversations/{id}"));
    let location = location.map_err(|error| Error::Internal(error.into()))?;
    response.headers_mut().insert(LOCATION, location);
    if created == Created::Replayed {
        response.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}
