//! The changes since a cursor, or the next ones while the request is held.

use std::io::Write;

use bytes::Bytes;
use http::StatusCode;
use shared::domain::conversation::ConversationId;
use shared::domain::cursor::Cursor;
use shared::domain::seen::Seen;
use shared::domain::sender::Sender;
use shared::domain::timestamp;
use shared::error::Error;
use shared::event_log::read::{Event, events};
use shared::store::reader::{ConversationReader, Next};
use tokio::time::Instant;

use crate::http::response::{self, Response};
use crate::state::{AppState, StreamMode};

/// Room for what follows the messages, if none was deleted.
const END_BYTES: usize = 160;

pub(super) async fn respond(
    state: &AppState,
    conversation: ConversationId,
    after: Cursor,
    until: Instant,
) -> Result<Response, Error> {
    let mut reader = ConversationReader::new(&state.store, conversation, after);
    let lines = lines(&mut reader, until).await;
    let body = lines.map(|lines| body(&conversation, after, &reader, &lines));
    if matches!(state.stream_mode, StreamMode::LongPoll { .. }) {
        // Lambda freezes the function then, and Redis would buffer for it.
        reader.close().await;
    }
    Ok(response::json(StatusCode::OK, body?))
}

async fn lines(reader: &mut ConversationReader, until: Instant) -> Result<Bytes, Error> {
    // Without waiting there is no need to subscribe.
    if until <= Instant::now() {
        return Ok(reader.now(u32::MAX).await?.lines);
    }
    loop {
        match reader.next(until, u32::MAX).await? {
            Next::Happened(_, tail) => return Ok(tail.lines),
            // What is not in the log wakes nobody.
            Next::Typing(_) | Next::Seen => {}
            Next::Nothing | Next::Ended => return Ok(Bytes::new()),
        }
    }
}

fn body(
    conversation: &ConversationId,
    after: Cursor,
    reader: &ConversationReader,
    lines: &[u8],
) -> Vec<u8> {
    let start = conversation.to_key(r#"{"conversationId":""#, r#"","messages":["#);
    let mut body = start.into_bytes();
    body.reserve(lines.len() + END_BYTES);
    // Each in a row, with a comma after it.
    let (mut deleted, mut others) = (Vec::new(), Vec::new());
    for (_, event) in events(lines, after) {
        match event {
            Event::Message(message) => body.extend([message, b","].concat()),
            Event::Deleted(id) => deleted.extend([b"\"", id, b"\","].concat()),
            Event::Other(_, event) => others.extend([event, b","].concat()),
        }
    }
    body.pop_if(|last| *last == b',');
    deleted.pop();
    others.pop();

    let expires = timestamp::format(reader.expires());
    let cursor = reader.cursor();
    body.extend_from_slice(br#"],"deleted":["#);
    body.extend_from_slice(&deleted);
    body.extend_from_slice(br#"],"events":["#);
    body.extend_from_slice(&others);
    // Writing into memory cannot fail.
    let _ = write!(body, r#"],"seen":{{{}}}"#, seen(reader.seen()));
    let _ = write!(body, r#","cursor":"{cursor}","expiresAt":"{expires}"}}"#);
    body
}

/// The marks of the sides that have seen anything.
fn seen(seen: Seen) -> String {
    let sides = [Sender::Customer, Sender::Agent].map(|sender| (sender.name(), seen.of(sender)));
    let marks = sides.into_iter().filter(|(_, cursor)| *cursor != Cursor::START);
    let marks: Vec<_> = marks.map(|(name, cursor)| format!(r#""{name}":"{cursor}""#)).collect();
    marks.join(",")
}
