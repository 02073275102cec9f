//! A conversation as server-sent events.

use std::fmt::Write;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::stream::unfold;
use shared::answer::{self, Answer};
use shared::conversation::ConversationId;
use shared::cursor::Cursor;
use shared::error::Error;
use shared::event_log::line::MAX_LINE_BYTES;
use shared::event_log::read::{Event, events};
use shared::following::{Following, HEARTBEAT, Next};
use shared::store::Tail;
use shared::timestamp;
use tokio::time::{Instant, sleep};

use crate::service::{Service, Streams};

/// Bytes of the log that one piece of an open stream is made of: what a client that does not read
/// makes the router keep.
const OPEN_PIECE: u32 = MAX_LINE_BYTES;
/// Bytes of the log that go into one batch; well below what Lambda lets through.
const BATCH: u32 = 1024 * 1024;

/// Milliseconds after which a browser comes back for the next batch.
const RETRY: &str = "retry: 250\n\n";
/// A comment, which keeps what is between here and the client from giving up.
const COMMENT: &str = ":\n\n";

/// How long to leave a store alone that could not be reached.
const STORE_RETRY_PERIOD: Duration = Duration::from_secs(1);

/// Streams from a cursor on. `hold` is how long a batch is waited for.
pub(super) async fn answer(
    service: &Service,
    conversation: ConversationId,
    start: Cursor,
    hold: Duration,
) -> Result<Answer, Error> {
    let mut following = Following::new(&service.store, conversation, start);
    let batched = service.streams == Streams::Batched;
    // Read before answering: what is wrong with the request is an error, not a stream.
    let tail = following.now(if batched { BATCH } else { OPEN_PIECE }).await?;

    let mut text = String::new();
    if batched {
        text.push_str(RETRY);
    }
    push_expires(&mut text, start, tail.expires);
    push_events(&mut text, start, &tail);
    let stream = EventStream {
        following,
        expires: tail.expires,
        hold: batched.then(|| Instant::now() + hold),
        ended: batched && !tail.lines.is_empty(),
        first: Some(text),
    };
    Ok(answer::event_stream(Box::pin(unfold(stream, EventStream::next))))
}

struct EventStream {
    following: Following,
    /// What the client has been told last.
    expires: SystemTime,
    /// Until when a batch is waited for; `None` for a stream that is held open.
    hold: Option<Instant>,
    ended: bool,
    first: Option<String>,
}

impl EventStream {
    async fn next(mut self) -> Option<(Bytes, Self)> {
        if let Some(first) = self.first.take() {
            return Some((first.into(), self));
        }
        if self.ended {
            return None;
        }
        let (deadline, limit) = match self.hold {
            Some(hold) => (hold, BATCH),
            None => (Instant::now() + HEARTBEAT, OPEN_PIECE),
        };
        self.ended = self.hold.is_some();
        let mut text = String::new();
        match self.following.next(deadline, limit).await {
            Ok(Next::Happened(start, tail)) => {
                push_events(&mut text, start, &tail);
                if tail.expires != self.expires {
                    self.expires = tail.expires;
                    push_expires(&mut text, self.following.cursor(), tail.expires);
                }
            }
            Ok(Next::Nothing(_)) => text.push_str(COMMENT),
            Ok(Next::Ended) => return None,
            Err(Error::ConversationNotFound) => {
                push_event(&mut text, self.following.cursor(), "expired", "{}");
                self.ended = true;
            }
            Err(Error::StoreUnavailable(_)) => {
                // The log outlives the way to it: the stream goes on from its cursor.
                sleep(STORE_RETRY_PERIOD).await;
                text.push_str(COMMENT);
            }
            Err(error) => {
                tracing::error!(cause = ?error, "an event stream broke");
                return None;
            }
        }
        Some((text.into(), self))
    }
}

fn push_events(text: &mut String, start: Cursor, tail: &Tail) {
    text.reserve(tail.lines.len() + tail.lines.len() / 2);
    for (cursor, event) in events(&tail.lines, start) {
        match event {
            Event::Message(message) => {
                push_event(text, cursor, "message", &String::from_utf8_lossy(message));
            }
            Event::Deleted(id) => {
                let id = String::from_utf8_lossy(id);
                push_event(text, cursor, "deleted", &format!("{{\"messageId\":\"{id}\"}}"));
            }
        }
    }
}

fn push_expires(text: &mut String, cursor: Cursor, expires: SystemTime) {
    let expires = timestamp::format(expires);
    push_event(text, cursor, "expires", &format!("{{\"expiresAt\":\"{expires}\"}}"));
}

/// JSON escapes line feeds, so `data` is always one line.
fn push_event(text: &mut String, cursor: Cursor, event: &str, data: &str) {
    // Writing into a string cannot fail.
    let _ = write!(text, "id: {cursor}\nevent: {event}\ndata: {data}\n\n");
}
