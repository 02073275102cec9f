//! What happened since a cursor, or happens while the request is held.

use std::io::Write;
use std::time::Duration;

use http::StatusCode;
use shared::answer::{self, Answer};
use shared::conversation::ConversationId;
use shared::cursor::Cursor;
use shared::error::Error;
use shared::event_log::read::{Event, events};
use shared::following::{Following, Next};
use shared::store::{Store, Tail};
use shared::timestamp;
use tokio::time::Instant;

/// Room for what follows the messages, where none was deleted.
const END_BYTES: usize = 96;

pub(super) async fn answer(
    store: &Store,
    conversation: ConversationId,
    after: Cursor,
    wait: Duration,
) -> Result<Answer, Error> {
    let mut following = Following::new(store, conversation, after);
    // Who does not wait need not keep the room that waiting saves, nor listen.
    let tail = if wait.is_zero() {
        following.now(u32::MAX).await?
    } else {
        match following.next(Instant::now() + wait, u32::MAX).await? {
            Next::Happened(_, tail) | Next::Nothing(tail) => tail,
            Next::Ended => following.now(u32::MAX).await?,
        }
    };
    let body = body(&conversation, after, following.cursor(), &tail);
    Ok(answer::json(StatusCode::OK, body))
}

fn body(conversation: &ConversationId, after: Cursor, cursor: Cursor, tail: &Tail) -> Vec<u8> {
    let start = conversation.to_key(r#"{"conversationId":""#, r#"","messages":["#);
    let mut body = start.into_bytes();
    let messages = body.len();
    let mut deleted = Vec::new();
    body.reserve(tail.lines.len() + END_BYTES);
    for (_, event) in events(&tail.lines, after) {
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

    let expires = timestamp::format(tail.expires);
    body.extend_from_slice(br#"],"deleted":["#);
    body.extend_from_slice(&deleted);
    // Writing into memory cannot fail.
    let _ = write!(body, r#"],"cursor":"{cursor}","expiresAt":"{expires}"}}"#);
    body
}
