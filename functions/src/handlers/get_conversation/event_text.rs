//! The text of server-sent events.

use std::fmt::Write;
use std::time::SystemTime;

use shared::domain::cursor::Cursor;
use shared::domain::seen::Seen;
use shared::domain::sender::Sender;
use shared::domain::timestamp;
use shared::event_log::read::{Event, events};
use shared::store::Tail;

use crate::http::event_stream::push_event;

/// Appends the events in some lines, and the cursor at their end if the last event does not tell
/// it.
pub(super) fn push_events(text: &mut String, start: Cursor, tail: &Tail) {
    text.reserve(tail.lines.len() + tail.lines.len() / 2);
    let mut last = start;
    for (cursor, event) in events(&tail.lines, start) {
        last = cursor;
        match event {
            Event::Message(message) => {
                push_event(text, &cursor, "message", &String::from_utf8_lossy(message));
            }
            Event::Other(name, event) => {
                push_event(text, &cursor, name, &String::from_utf8_lossy(event));
            }
            Event::Deleted(id) => {
                let id = String::from_utf8_lossy(id);
                push_event(text, &cursor, "deleted", &format!("{{\"messageId\":\"{id}\"}}"));
            }
        }
    }
    let end = start.advanced_by(tail.lines.len());
    if last != end {
        // Writing into a string cannot fail.
        let _ = write!(text, "id: {end}\n\n");
    }
}

/// Appends when the conversation expires.
pub(super) fn push_expires(text: &mut String, cursor: Cursor, expires: SystemTime) {
    let expires = timestamp::format(expires);
    push_event(text, &cursor, "expires", &format!("{{\"expiresAt\":\"{expires}\"}}"));
}

/// Appends how far the sides have seen the conversation, as far as the client was not told.
pub(super) fn push_seen(text: &mut String, cursor: Cursor, told: Seen, seen: Seen) {
    for sender in [Sender::Customer, Sender::Agent] {
        let mark = seen.of(sender);
        if mark != told.of(sender) {
            let sender = sender.name();
            let data = format!(r#"{{"event":"seen","sender":"{sender}","cursor":"{mark}"}}"#);
            push_event(text, &cursor, "seen", &data);
        }
    }
}

/// Appends that a side is writing. This has no id, because it is nowhere in the log.
pub(super) fn push_typing(text: &mut String, sender: Sender) {
    let sender = sender.name();
    // Writing into a string cannot fail.
    let _ =
        write!(text, "event: typing\ndata: {{\"event\":\"typing\",\"sender\":\"{sender}\"}}\n\n");
}

/// Appends that the conversation has expired.
pub(super) fn push_expired(text: &mut String, cursor: Cursor) {
    push_event(text, &cursor, "expired", "{}");
}
