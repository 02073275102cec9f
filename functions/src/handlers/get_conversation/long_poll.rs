//! A conversation as server-sent events in batches: a request is held until something happens, and
//! the client asks for the next batch.

use std::time::Duration;

use shared::domain::conversation::ConversationId;
use shared::domain::cursor::Cursor;
use shared::domain::seen::Seen;
use shared::error::Error;
use shared::store::Store;
use shared::store::reader::{ConversationReader, Next};
use tokio::time::Instant;

use super::event_text::{push_events, push_expired, push_expires, push_seen, push_typing};
use crate::http::event_stream::{COMMENT, RETRY_UNAVAILABLE};
use crate::http::response::{self, Response};

/// Bytes of the log in one batch; well below what Lambda can respond with.
const BATCH: u32 = 1024 * 1024;

/// Responds with what there is after a cursor, or with what happens next, if it does so in time.
pub(super) async fn respond(
    store: &Store,
    conversation: ConversationId,
    start: Cursor,
    until: Instant,
    retry: Duration,
) -> Result<Response, Error> {
    let mut reader = ConversationReader::new(store, conversation, start);
    let mut text = String::new();
    let result = read_batch(&mut reader, until, &mut text).await;
    let cursor = reader.cursor();
    // Lambda freezes the function then, and Redis would buffer for it.
    reader.close().await;
    let mut unavailable = None;
    match result {
        Ok(()) => text.insert_str(0, &format!("retry: {}\n\n", retry.as_millis())),
        // Before anything was read it is an error, else the end of the stream.
        Err(Error::ConversationNotFound) if !text.is_empty() => push_expired(&mut text, cursor),
        Err(Error::StoreUnavailable(cause)) => {
            unavailable = Some(cause);
            text.push_str(RETRY_UNAVAILABLE);
            text.push_str(COMMENT);
        }
        Err(error) => return Err(error),
    }
    Ok(response::with_unavailable(response::events(text), unavailable))
}

/// Appends the expiry and one batch of events.
async fn read_batch(
    reader: &mut ConversationReader,
    until: Instant,
    text: &mut String,
) -> Result<(), Error> {
    let start = reader.cursor();
    let tail = reader.now(BATCH).await?;
    push_expires(text, start, tail.expires);
    let seen = tail.seen;
    push_seen(text, start, Seen::NOTHING, seen);
    if !tail.lines.is_empty() {
        push_events(text, start, &tail);
        return Ok(());
    }
    let expires = tail.expires;
    match reader.next(until, BATCH).await? {
        Next::Happened(start, tail) => {
            push_events(text, start, &tail);
            // Where both were read at once, no other event tells of the marks.
            push_seen(text, reader.cursor(), seen, reader.seen());
            if tail.expires != expires {
                push_expires(text, reader.cursor(), tail.expires);
            }
        }
        Next::Typing(sender) => push_typing(text, sender),
        Next::Seen => push_seen(text, reader.cursor(), seen, reader.seen()),
        Next::Nothing => text.push_str(COMMENT),
        Next::Ended => {}
    }
    Ok(())
}
