//! What a server pushes on a connection for subscriptions, on its way to the followers.
//!
//! The scripts publish the event itself: when the conversation expires now, in milliseconds since
//! 1970; a blank; where the event's line begins, in hexadecimal; a line feed; and the line, if it is
//! short. What has no line is published as `typing agent` or `seen agent 123`.
//!
//! A push may be lost with its connection, the log may not. So a confirmed subscription has the
//! followers read on from their cursors, whatever they have missed.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use memchr::memchr;
use parking_lot::Mutex;
use redis::aio::{AsyncPushSender, SendError};
use redis::{PushInfo, PushKind, Value};
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;

use super::event::Event;
use crate::domain::conversation::ConversationId;
use crate::domain::cursor::Cursor;
use crate::store::notifier::{Note, Notification, PublishedEvent, Topics};
use crate::store::redis::keys::conversation_of;

/// The conversations that one connection is subscribed to, as the server's pushes tell.
pub(super) type Subscribed = Mutex<HashSet<ConversationId>>;

/// The crate `redis` calls it with each push on one connection.
pub(super) struct Pushes {
    pub(super) topics: Topics,
    pub(super) events: UnboundedSender<Event>,
    pub(super) subscribed: Arc<Subscribed>,
    /// Notified when the connection is lost.
    pub(super) disconnected: Arc<Notify>,
}

impl AsyncPushSender for Pushes {
    fn send(&self, PushInfo { kind, data }: PushInfo) -> Result<(), SendError> {
        if kind == PushKind::Disconnection {
            self.disconnected.notify_one();
        }
        let Some(id) = data.first().and_then(conversation) else { return Ok(()) };
        match kind {
            PushKind::Subscribe | PushKind::SSubscribe => {
                self.subscribed.lock().insert(id);
                self.topics.confirm(&id);
            }
            PushKind::Message | PushKind::SMessage => {
                let notification = data.into_iter().nth(1).and_then(notification);
                self.topics.notify(&id, notification.unwrap_or(Notification::ReadOn));
            }
            PushKind::Unsubscribe | PushKind::SUnsubscribe => {
                self.subscribed.lock().remove(&id);
                // The slot of a conversation that is followed has left this node of the cluster.
                if kind == PushKind::SUnsubscribe && self.topics.is_followed(&id) {
                    let _ = self.events.send(Event::ReconcileDue { id });
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Whether a reply confirms that this conversation's channel is subscribed to.
pub(super) fn is_confirmation(reply: &Value, id: &ConversationId) -> bool {
    matches!(reply, Value::Push { kind: PushKind::Subscribe | PushKind::SSubscribe, data }
        if data.first().and_then(conversation).as_ref() == Some(id))
}

fn conversation(channel: &Value) -> Option<ConversationId> {
    match channel {
        Value::BulkString(name) => conversation_of(name),
        _ => None,
    }
}

/// Reads what was published, if it is what the scripts publish.
fn notification(payload: Value) -> Option<Notification> {
    let Value::BulkString(payload) = payload else { return None };
    if payload.first().is_some_and(u8::is_ascii_digit) {
        published_event(payload.into()).map(Notification::Event)
    } else {
        note(std::str::from_utf8(&payload).ok()?).map(Notification::Note)
    }
}

fn note(payload: &str) -> Option<Note> {
    let mut words = payload.split(' ');
    let note = match (words.next()?, words.next()?.parse().ok()?) {
        ("typing", sender) => Note::Typing(sender),
        ("seen", sender) => Note::Seen(sender, words.next()?.parse().ok()?),
        _ => return None,
    };
    words.next().is_none().then_some(note)
}

fn published_event(payload: Bytes) -> Option<Arc<PublishedEvent>> {
    let head_end = memchr(b'\n', &payload)?;
    let (expires, start) = std::str::from_utf8(&payload[..head_end]).ok()?.split_once(' ')?;
    let start = Cursor(u32::from_str_radix(start, 16).ok()?);
    let expires = SystemTime::UNIX_EPOCH + Duration::from_millis(expires.parse().ok()?);
    Some(PublishedEvent::new(start, payload.slice(head_end + 1..), expires))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sender::Sender;

    #[test]
    fn an_event_is_read_as_the_scripts_publish_it_and_nothing_else_is() {
        let read = |payload: &str| published_event(Bytes::copy_from_slice(payload.as_bytes()));
        let event = read("1743861660000 0000002a\n{\"messageId\":\"…\"},\n").unwrap();
        assert_eq!(event.start, Cursor(42));
        assert_eq!(event.line, "{\"messageId\":\"…\"},\n");
        let since_1970 = event.expires.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(since_1970.as_millis(), 1_743_861_660_000);
        assert!(read("1743861660000 0000002a\n").unwrap().line.is_empty());
        for other in ["", "1743861660000 0000002a", "1743861660000\n", "x 1\n", "1 x\n", "-1 1\n"] {
            assert!(read(other).is_none(), "{other}");
        }
        assert!(notification(Value::Int(1)).is_none());
    }

    #[test]
    fn a_note_is_read_as_the_scripts_publish_it_and_nothing_else_is() {
        assert_eq!(note("typing customer"), Some(Note::Typing(Sender::Customer)));
        assert_eq!(note("seen agent 123"), Some(Note::Seen(Sender::Agent, Cursor(123))));
        for other in ["", "typing", "typing x", "typing agent 1", "seen agent", "seen agent x", "x"]
        {
            assert!(note(other).is_none(), "{other}");
        }
    }
}
