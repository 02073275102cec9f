//! What happened since a cursor, or happens while the request is held.

use std::io::Write;

use bytes::Bytes;
use http::StatusCode;
use shared::answer::{self, Answer};
use shared::conversation::ConversationId;
use shared::cursor::Cursor;
use shared::error::Error;
use shared::event_log::read::{Event, events};
use shared::store::reader::{ConversationReader, Next};
use shared::timestamp;
use tokio::time::Instant;

use crate::service::{Service, Streams};

/// Room for what follows the messages, where none was deleted.
const END_BYTES: usize = 96;

pub(super) async fn answer(
    service: &Service,
    conversation: ConversationId,
    after: Cursor,
    deadline: Instant,
) -> Result<Answer, Error> {
    let mut reader = ConversationReader::new(&service.store, conversation, after);
    let lines = lines(&mut reader, deadline).await;
    let body = lines.map(|lines| body(&conversation, after, &reader, &lines));
    if service.streams == Streams::Batched {
        // Before the function is frozen: Redis would keep for it all that is published.
        reader.close().await;
    }
    Ok(answer::json(StatusCode::OK, body?))
}

async fn lines(reader: &mut ConversationReader, deadline: Instant) -> Result<Bytes, Error> {
    // Who does not wait need not keep the room that waiting saves, nor listen.
    if deadline <= Instant::now() {
        return Ok(reader.now(u32::MAX).await?.lines);
    }
    match reader.next(deadline, u32::MAX).await? {
        Next::Happened(_, tail) => Ok(tail.lines),
        Next::Nothing | Next::Ended => Ok(Bytes::new()),
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
    let messages = body.len();
    let mut deleted = Vec::new();
    body.reserve(lines.len() + END_BYTES);
    for (_, event) in events(lines, after) {
        match event {
            Event::Message(message) => {
                body.extend_from_slice(message);
                body.push(b',');
            }
            Event::Deleted(id) => {
                deleted.push(b'"');
                deleted.extend_from_slice(id);
                deleted.extend_from_slice(b"\",");
            }
        }
    }
    if body.len() > messages {
        body.pop();
    }
    deleted.pop();

    let expires = timestamp::format(reader.expires());
    let cursor = reader.cursor();
    body.extend_from_slice(br#"],"deleted":["#);
    body.extend_from_slice(&deleted);
    // Writing into memory cannot fail.
    let _ = write!(body, r#"],"cursor":"{cursor}","expiresAt":"{expires}"}}"#);
    body
}
