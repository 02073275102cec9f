//! `POST /api/conversations/{conversationId}/messages`: adds a message, once per idempotency key.

use http::header::IF_MATCH;
use http::{HeaderValue, StatusCode};
use shared::domain::idempotency::IdempotencyKey;
use shared::domain::message::NewMessage;
use shared::domain::sender::Sender;
use shared::domain::version::ExpectedVersion;
use shared::error::Error;
use shared::store::{PendingMessage, Sent};

use crate::auth::authorize;
use crate::http::idempotency::{IDEMPOTENCY_KEY, IDEMPOTENCY_REPLAYED};
use crate::http::request::Request;
use crate::http::response::{self, Response};
use crate::state::AppState;

pub(crate) async fn handle(state: &AppState, request: &Request) -> Result<Response, Error> {
    let (principal, conversation) = authorize(state, request)?;
    let key = request.header(IDEMPOTENCY_KEY).map_err(|_| Error::InvalidIdempotencyKey)?;
    let key: Option<IdempotencyKey> = key.map(str::parse).transpose()?;
    let expected = request.header(IF_MATCH).map_err(|_| Error::InvalidIfMatch)?;
    let expected = expected.map_or(Ok(ExpectedVersion::Any), str::parse)?;
    let message = NewMessage::from_json(request.plain_body()?)?;
    principal.require_role(message.sender())?;

    let mut pending =
        PendingMessage::new(&conversation, &message, key.as_ref()).expecting(expected);
    if message.sender() == Sender::Agent {
        pending = pending.taken_by(principal.taker(&conversation, None));
    }
    let sent = state.store.send(&conversation, &pending).await?;

    let (Sent::Added(id) | Sent::Replayed(id)) = sent;
    let body = format!("{{\"message\":\"Message added successfully\",\"messageId\":\"{id}\"}}");
    let mut response = response::json(StatusCode::CREATED, body);
    if let Sent::Replayed(_) = sent {
        response.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}
