//! What Redis says unasked (RESP3), on its way to the followers' bells.
//!
//! The scripts that write publish an empty note on `chat:{<conversationId>}:changed`. A note may be
//! lost while the connection is; the log may not. So a confirmed subscription rings the bell just
//! as a note does, and followers read on from their cursors, whatever they have missed.

use redis::aio::{AsyncPushSender, SendError};
use redis::{PushInfo, PushKind, Value};

use crate::conversation::ConversationId;
use crate::store::followers::WeakFollowers;

const CHANNEL_START: &str = "chat:{";
const CHANNEL_END: &str = "}:changed";

/// The channel on which a conversation's changes are noted.
pub(super) fn channel(id: &ConversationId) -> String {
    id.between(CHANNEL_START, CHANNEL_END)
}

fn conversation(channel: &str) -> Option<ConversationId> {
    channel.strip_prefix(CHANNEL_START)?.strip_suffix(CHANNEL_END)?.parse().ok()
}

/// Takes what Redis pushes.
pub(super) struct Pushes(pub(super) WeakFollowers);

impl AsyncPushSender for Pushes {
    fn send(&self, push: PushInfo) -> Result<(), SendError> {
        let Some(followers) = self.0.upgrade() else { return Err(SendError) };
        let id = push.data.first().and_then(|channel| match channel {
            Value::BulkString(name) => conversation(std::str::from_utf8(name).ok()?),
            _ => None,
        });
        match (push.kind, id) {
            (
                PushKind::Message | PushKind::SMessage | PushKind::Subscribe | PushKind::SSubscribe,
                Some(id),
            ) => followers.ring(&id),
            // Unasked, where the conversation's slot has moved to another node of the cluster.
            (PushKind::SUnsubscribe, Some(id)) if followers.any(&id) => followers.changed(&id),
            // A new connection is subscribed to nothing.
            (PushKind::Disconnection, _) => followers.all_changed(),
            _ => {}
        }
        Ok(())
    }
}
