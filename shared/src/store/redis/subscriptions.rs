//! A channel for each conversation that is followed, on the connection that carries the commands.
//!
//! The scripts that write publish an empty note on `chat:{<conversationId>}:changed`, which Redis
//! pushes to its subscribers (RESP3). A note may be lost while the connection is; the log may not.
//! So a confirmed subscription rings the bell just as a note does, and followers read on from
//! their cursors, whatever they have missed.

use std::collections::HashSet;
use std::time::Duration;

use redis::aio::{AsyncPushSender, SendError};
use redis::{PushInfo, PushKind, RedisResult, Value};
use tokio::sync::mpsc::UnboundedReceiver;

use super::connection::Connection;
use crate::conversation::ConversationId;
use crate::store::followers::{Followers, WeakFollowers};

const CHANNEL_START: &str = "chat:{";
const CHANNEL_END: &str = "}:changed";

/// How long to leave a Redis alone that could not be asked to subscribe.
const RETRY_PERIOD: Duration = Duration::from_millis(250);

/// The channel on which a conversation's changes are noted.
pub(super) fn channel(id: &ConversationId) -> String {
    format!("{CHANNEL_START}{id}{CHANNEL_END}")
}

fn conversation(channel: &str) -> Option<ConversationId> {
    channel.strip_prefix(CHANNEL_START)?.strip_suffix(CHANNEL_END)?.parse().ok()
}

/// What Redis says unasked, on its way to the followers' bells.
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

/// Keeps the subscriptions equal to what is followed, until the store is dropped.
///
/// `changes` names the conversations to look at.
pub(super) async fn keep(
    connection: Connection,
    followers: WeakFollowers,
    mut changes: UnboundedReceiver<ConversationId>,
) {
    let mut due = HashSet::new();
    while let Some(id) = changes.recv().await {
        due.insert(id);
        while !due.is_empty() {
            // Many that change at once are one command.
            while let Ok(id) = changes.try_recv() {
                due.insert(id);
            }
            let Some(followers) = followers.upgrade() else { return };
            match apply(&connection, &followers, &due).await {
                Ok(()) => due.clear(),
                Err(_) => tokio::time::sleep(RETRY_PERIOD).await,
            }
        }
    }
}

async fn apply(
    connection: &Connection,
    followers: &Followers,
    due: &HashSet<ConversationId>,
) -> RedisResult<()> {
    let (followed, left): (Vec<_>, Vec<_>) = due.iter().partition(|id| followers.any(id));
    let channels = |ids: Vec<&ConversationId>| ids.into_iter().map(channel).collect::<Vec<_>>();
    if !followed.is_empty() {
        connection.subscribe(&channels(followed)).await?;
    }
    if !left.is_empty() {
        connection.unsubscribe(&channels(left)).await?;
    }
    Ok(())
}
