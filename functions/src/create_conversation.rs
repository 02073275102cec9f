//! `POST /api/conversations`: begins a conversation.

use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use shared::answer::{self, Answer};
use shared::conversation::ConversationId;
use shared::error::Error;
use shared::store::Store;

pub(crate) async fn handle(store: &Store) -> Result<Answer, Error> {
    let id = ConversationId::random();
    store.create(&id).await?;

    let body = format!("{{\"conversationId\":\"{id}\"}}");
    let mut answer = answer::json(StatusCode::CREATED, body);
    let location = HeaderValue::try_from(format!("/api/conversations/{id}"));
    let location = location.map_err(|error| Error::Internal(error.into()))?;
    answer.headers_mut().insert(LOCATION, location);
    Ok(answer)
}
