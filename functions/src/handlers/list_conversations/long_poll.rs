//! The queue as server-sent events one at a time: a request is held until the queue has changed, and the
//! client asks again.

use std::time::Duration;

use shared::domain::queue::QueueCursor;
use shared::error::Error;
use shared::store::queue::Queue;
use tokio::time::Instant;

use super::changed;
use super::text::push_queue;
use crate::http::event_stream::{COMMENT, RETRY_UNAVAILABLE};
use crate::http::response::{self, Response};

/// Responds with the queue as it stands, unless the client knows that, or with its next change.
pub(super) async fn respond(
    queue: &Queue,
    known: Option<QueueCursor>,
    limit: usize,
    until: Instant,
    retry: Duration,
) -> Result<Response, Error> {
    let mut unavailable = None;
    let mut text = format!("retry: {}\n\n", retry.as_millis());
    match changed(queue, known, limit, until).await {
        Ok(waiting) if known == Some(waiting.cursor) => text.push_str(COMMENT),
        Ok(waiting) => push_queue(&mut text, &waiting, limit),
        Err(Error::StoreUnavailable(cause)) => {
            unavailable = Some(cause);
            text = [RETRY_UNAVAILABLE, COMMENT].concat();
        }
        Err(error) => return Err(error),
    }
    Ok(response::with_unavailable(response::events(text), unavailable))
}
