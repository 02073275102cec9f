//! What happened since a cursor, or happens while the request is held.

use std::time::Duration;

use http::StatusCode;
use shared::answer::{self, Answer};
use shared::conversation::ConversationId;
use shared::cursor::Cursor;
use shared::error::Error;
use shared::following::{Following, Next};
use shared::log::{self, Event};
use shared::store::{Store, Tail};
use shared::timestamp;
use tokio::time::Instant;

pub(super) async fn answer(
    store: &Store,
    conversation: ConversationId,
    after: Cursor,
    wait: Duration,
) -> Result<Answer, Error> {
    let mut following = Following::new(store, conversation, after);
    let tail = match following.next(Instant::now() + wait, u32::MAX).await? {
        Next::Happened(_, tail) | Next::Nothing(tail) => tail,
        Next::Ended => following.now(u32::MAX).await?,
    };
    let body = body(&conversation, after, following.cursor(), &tail);
    Ok(answer::json(StatusCode::OK, body))
}

fn body(conversation: &ConversationId, after: Cursor, cursor: Cursor, tail: &Tail) -> Vec<u8> {
    let mut messages = Vec::with_capacity(tail.lines.len() + 256);
    let mut deleted = Vec::new();
    messages.extend_from_slice(br#"{"conversationId":""#);
    messages.extend_from_slice(conversation.to_string().as_bytes());
    messages.extend_from_slice(br#"","messages":["#);
    let start = messages.len();
    for (_, event) in log::events(&tail.lines, after) {
        match event {
            Event::Message(message) => {
                messages.extend_from_slice(message);
                messages.push(b',');
            }
            Event::Deleted(id) => {
                deleted.push(b'"');
                deleted.extend_from_slice(id);
                deleted.extend_from_slice(b"\",");
            }
        }
    }
    if messages.len() > start {
        messages.pop();
    }
    deleted.pop();

    let expires = timestamp::format(tail.expires);
    let mut body = messages;
    body.extend_from_slice(br#"],"deleted":["#);
    body.extend_from_slice(&deleted);
    let end = format!(r#"],"cursor":"{cursor}","expiresAt":"{expires}"}}"#);
    body.extend_from_slice(end.as_bytes());
    body
}
