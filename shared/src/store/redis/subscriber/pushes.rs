//! What a server says unasked, on its way to the followers' bells.
//!
//! The scripts that write publish an empty note on the conversation's channel. A note may be
//! lost while the connection is; the log may not. So a confirmed subscription rings the bell just
//! as a note does, and followers read on from their cursors, whatever they have missed.

use std::sync::Arc;

use redis::aio::{AsyncPushSender, SendError};
use redis::{PushInfo, PushKind, Value};
use tokio::sync::Notify;

use crate::conversation::ConversationId;
use crate::store::followers::WeakFollowers;
use crate::store::redis::keys::conversation_of;

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
    pub(super) followers: WeakFollowers,
    /// Told when the connection has ended.
    pub(super) ended: Arc<Notify>,
}

impl AsyncPushSender for Pushes {
    fn send(&self, PushInfo { kind, data }: PushInfo) -> Result<(), SendError> {
        if kind == PushKind::Disconnection {
            self.ended.notify_one();
        }
        let Some(followers) = self.followers.upgrade() else { return Err(SendError) };
        let Some(id) = data.first().and_then(conversation) else { return Ok(()) };
        match kind {
            PushKind::Message | PushKind::SMessage | PushKind::Subscribe | PushKind::SSubscribe => {
                followers.ring(&id);
            }
            // Where nobody asked for it, the conversation's slot has left this node of the cluster.
            PushKind::SUnsubscribe if followers.any(&id) => followers.changed(&id),
            _ => {}
        }
        Ok(())
    }
}
