//! The text of server-sent events.

use std::fmt::Write;
use std::time::SystemTime;

use shared::cursor::Cursor;
use shared::event_log::read::{Event, events};
use shared::store::Tail;
use shared::timestamp;

/// Milliseconds after which a browser comes back for the next batch.
pub(super) const RETRY: &str = "retry: 250\n\n";
/// Milliseconds after which it comes back where the store could not be reached. It would never do so
/// after an error.
pub(super) const RETRY_UNAVAILABLE: &str = "retry: 3000\n\n";
/// A comment, which keeps what is between here and the client from giving up.
pub(super) const COMMENT: &str = ":\n\n";

/// Puts events into text; the cursor of the last of them.
pub(super) fn push_events(text: &mut String, start: Cursor, tail: &Tail) -> Cursor {
    text.reserve(tail.lines.len() + tail.lines.len() / 2);
    let mut last = start;
    for (cursor, event) in events(&tail.lines, start) {
        last = cursor;
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
    last
}

/// Tells when the conversation expires.
pub(super) fn push_expires(text: &mut String, cursor: Cursor, expires: SystemTime) {
    let expires = timestamp::format(expires);
    push_event(text, cursor, "expires", &format!("{{\"expiresAt\":\"{expires}\"}}"));
}

/// JSON escapes line feeds, so `data` is always one line.
pub(super) fn push_event(text: &mut String, cursor: Cursor, event: &str, data: &str) {
    // Writing into a string cannot fail.
    let _ = write!(text, "id: {cursor}\nevent: {event}\ndata: {data}\n\n");
}
