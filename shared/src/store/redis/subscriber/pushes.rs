//! What a server says unasked, on its way to those who follow.
//!
//! The scripts that write publish the event itself: when the conversation expires now, in
//! milliseconds since 1970; a blank; where the event's line begins, in hexadecimal; a line feed; and
//! the line, if it is short. A note may be lost while the connection is; the log may not. So a
//! confirmed subscription has followers read on from their cursors, whatever they have missed.

use std::sync::Arc;

use bytes::Bytes;
use memchr::memchr;
use redis::aio::{AsyncPushSender, SendError};
use redis::{PushInfo, PushKind, Value};
use tokio::sync::Notify;

use crate::domain::conversation::ConversationId;
use crate::domain::cursor::Cursor;
use crate::store::notifier::{Notification, PublishedEvent, WeakNotifier};
use crate::store::redis::keys::conversation_of;
use crate::store::redis::trips::time;

fn conversation(channel: &Value) -> Option<ConversationId> {
    match channel {
        Value::BulkString(name) => conversation_of(name),
        _ => None,
    }
}

/// Whether a reply is the confirmation that this conversation's channel is subscribed to.
pub(super) fn is_confirmation(reply: &Value, id: &ConversationId) -> bool {
    matches!(reply, Value::Push { kind: PushKind::Subscribe | PushKind::SSubscribe, data }
        if data.first().and_then(conversation).as_ref() == Some(id))
}

/// Takes what a server pushes on one connection.
pub(super) struct Pushes {
    pub(super) notifier: WeakNotifier,
    /// Told when the connection has ended.
    pub(super) ended: Arc<Notify>,
}

impl AsyncPushSender for Pushes {
    fn send(&self, PushInfo { kind, data }: PushInfo) -> Result<(), SendError> {
        if kind == PushKind::Disconnection {
            self.ended.notify_one();
        }
        let Some(notifier) = self.notifier.upgrade() else { return Err(SendError) };
        let Some(id) = data.first().and_then(conversation) else { return Ok(()) };
        match kind {
            PushKind::Subscribe | PushKind::SSubscribe => notifier.confirm(&id),
            PushKind::Message | PushKind::SMessage => {
                let event = data.into_iter().nth(1).and_then(event);
                let notification = event.map_or(Notification::ReadOn, Notification::Event);
                notifier.notify(&id, notification);
            }
            // Where nobody asked for it, the conversation's slot has left this node of the cluster.
            PushKind::SUnsubscribe if notifier.is_followed(&id) => notifier.reconcile(id),
            _ => {}
        }
        Ok(())
    }
}

/// What was published, if it is what our scripts publish.
fn event(note: Value) -> Option<PublishedEvent> {
    let Value::BulkString(note) = note else { return None };
    let note = Bytes::from(note);
    let head_end = memchr(b'\n', &note)?;
    let (expires, start) = std::str::from_utf8(&note[..head_end]).ok()?.split_once(' ')?;
    let start = Cursor(u32::from_str_radix(start, 16).ok()?);
    Some(PublishedEvent::new(start, note.slice(head_end + 1..), time(expires.parse().ok()?)))
}
