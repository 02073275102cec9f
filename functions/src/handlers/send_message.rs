//! `POST /api/conversations/{conversationId}/messages`: adds a message, once per idempotency key.

use http::{HeaderName, HeaderValue, StatusCode};
use shared::domain::idempotency::IdempotencyKey;
use shared::domain::message::NewMessage;
use shared::error::Error;
use shared::store::{PendingMessage, Sent};

use crate::auth::authorize;
use crate::http::request::Request;
use crate::http::response::{self, Response};
use crate::state::AppState;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header, `true`, of a response to a send that had been answered before.
pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

pub(crate) async fn handle(state: &AppState, request: &Request) -> Result<Response, Error> {
    let (principal, conversation) = authorize(state, request)?;
    let key = idempotency_key(request)?;
    let message = NewMessage::from_json(request.plain_body()?)?;
    principal.require_role(message.sender())?;

    let message = PendingMessage::new(&conversation, &message, key.as_ref());
    let sent = state.store.send(&conversation, &message).await?;

    let (Sent::Added(id) | Sent::Replayed(id)) = sent;
    let body = format!("{{\"message\":\"Message added successfully\",\"messageId\":\"{id}\"}}");
    let mut response = response::json(StatusCode::CREATED, body);
    if let Sent::Replayed(_) = sent {
        response.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

fn idempotency_key(request: &Request) -> Result<Option<IdempotencyKey>, Error> {
    let key = request.header(IDEMPOTENCY_KEY).map_err(|_| Error::InvalidIdempotencyKey)?;
    key.map(str::parse).transpose()
}
