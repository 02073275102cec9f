//! `POST /api/conversations`: begins a conversation, and gives its customer a token.

use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use shared::answer::{self, Answer};
use shared::conversation::ConversationId;
use shared::error::Error;

use crate::service::Service;

pub(crate) async fn handle(service: &Service) -> Result<Answer, Error> {
    let id = ConversationId::random();
    service.store.create(&id).await?;

    let body = match &service.tokens {
        None => format!("{{\"conversationId\":\"{id}\"}}"),
        Some(tokens) => {
            let token = tokens.for_customer(&id)?;
            format!("{{\"conversationId\":\"{id}\",\"customerToken\":\"{token}\"}}")
        }
    };
    let mut answer = answer::json(StatusCode::CREATED, body);
    let location = HeaderValue::try_from(format!("/api/conversations/{id}"));
    let location = location.map_err(|error| Error::Internal(error.into()))?;
    answer.headers_mut().insert(LOCATION, location);
    Ok(answer)
}
