//! The queue as server-sent events that are sent as it changes.

use bytes::Bytes;
use futures_util::stream::unfold;
use shared::domain::queue::QueueCursor;
use shared::error::Error;
use shared::store::queue::{Known, Next, Queue, QueueFollower};
use tokio::time::{Instant, sleep};

use super::text::push_queue;
use crate::http::event_stream::{
    COMMENT, HEARTBEAT, RETRY_UNAVAILABLE, STORE_RETRY_DELAY, until_token_ends,
};
use crate::http::response::{self, Response};

struct QueueStream {
    follower: QueueFollower,
    known: Known,
    limit: usize,
    /// What is sent first.
    text: String,
}

/// Streams the queue as it stands, unless the client knows that, and then whenever it has changed.
pub(super) async fn respond(
    queue: &Queue,
    known: Option<QueueCursor>,
    limit: usize,
    token_end: Option<Instant>,
) -> Result<Response, Error> {
    let follower = queue.follow(limit);
    let mut stream =
        QueueStream { follower, known: Known::Said(known), limit, text: String::new() };
    let mut unavailable = None;
    match queue.list(limit).await {
        Ok(waiting) => {
            // So that the response begins at once.
            stream.text.push_str(COMMENT);
            if known != Some(waiting.cursor) {
                push_queue(&mut stream.text, &waiting, limit);
            }
            stream.known = Known::Read(waiting.cursor);
        }
        Err(Error::StoreUnavailable(cause)) => {
            unavailable = Some(cause);
            stream.text = [RETRY_UNAVAILABLE, COMMENT].concat();
        }
        Err(error) => return Err(error),
    }
    let stream = Box::pin(unfold(stream, QueueStream::next));
    let response = response::event_stream(until_token_ends(stream, token_end));
    Ok(response::with_unavailable(response, unavailable))
}

impl QueueStream {
    async fn next(mut self) -> Option<(Bytes, Self)> {
        let mut text = std::mem::take(&mut self.text);
        if text.is_empty() {
            match self.follower.next(self.known, Instant::now() + HEARTBEAT).await {
                Ok(Next::Changed(waiting)) => {
                    push_queue(&mut text, &waiting, self.limit);
                    self.known = Known::Read(waiting.cursor);
                }
                Ok(Next::Unchanged) => text.push_str(COMMENT),
                Ok(Next::Ended) => return None,
                Err(Error::StoreUnavailable(_)) => {
                    sleep(STORE_RETRY_DELAY).await;
                    text.push_str(COMMENT);
                }
                Err(error) => {
                    tracing::error!(cause = ?error, "a stream of the queue broke");
                    return None;
                }
            }
        }
        Some((text.into(), self))
    }
}
