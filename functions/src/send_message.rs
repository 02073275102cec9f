//! `POST /api/conversations/{conversationId}/messages`: adds a message, once per idempotency key.

use http::{HeaderName, HeaderValue, StatusCode};
use lambda_http::Request;
use shared::answer::{self, Answer};
use shared::error::Error;
use shared::idempotency::IdempotencyKey;
use shared::message::NewMessage;
use shared::store::{PendingMessage, Sent};

use crate::route::Route;
use crate::service::Service;
use crate::speaker::entering;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header, `true`, of an answer to a send that was sent before.
pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

pub(crate) async fn handle(service: &Service, request: &Request) -> Result<Answer, Error> {
    let (speaker, conversation) = entering(Route::SendMessage, service, request)?;
    let key = idempotency_key(request)?;
    let message = NewMessage::from_json(request.body())?;
    speaker.may_send_as(message.sender())?;

    let message = PendingMessage::new(&conversation, &message, key.as_ref());
    let sent = service.store.send(&conversation, &message).await?;

    let (Sent::Added(id) | Sent::Replayed(id)) = sent;
    let body = format!("{{\"message\":\"Message added successfully\",\"messageId\":\"{id}\"}}");
    let mut answer = answer::json(StatusCode::CREATED, body);
    if let Sent::Replayed(_) = sent {
        answer.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(answer)
}

fn idempotency_key(request: &Request) -> Result<Option<IdempotencyKey>, Error> {
    let mut keys = request.headers().get_all(IDEMPOTENCY_KEY).iter();
    match (keys.next(), keys.next()) {
        (None, _) => Ok(None),
        (Some(key), None) => {
            let text = key.to_str().map_err(|_| Error::InvalidIdempotencyKey)?;
            text.parse().map(Some)
        }
        (Some(_), Some(_)) => Err(Error::InvalidIdempotencyKey),
    }
}
