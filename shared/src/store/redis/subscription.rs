//! The one connection's subscriptions: a channel for each conversation that is followed.
//!
//! The scripts that write publish an empty note on the channel `chat:{<conversationId>}:changed`,
//! and Redis pushes it on the connection that carries the commands (RESP3). A note may be lost,
//! while the connection is; the log may not. So what rings a bell is a note and just as well the
//! confirmation of a subscription, after which the follower reads on from its cursor.

use std::collections::HashSet;
use std::time::Duration;

use redis::aio::ConnectionManager;
use redis::{PushInfo, PushKind, RedisError, Value};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::conversation::ConversationId;
use crate::store::followers::Followers;

const PREFIX: &str = "chat:{";
const SUFFIX: &str = "}:changed";

/// How long to wait before asking again a Redis that could not be asked.
const RETRY_PERIOD: Duration = Duration::from_millis(250);

/// The channel on which a conversation's changes are noted.
pub(super) fn channel(id: &ConversationId) -> String {
    format!("{PREFIX}{id}{SUFFIX}")
}

/// Keeps the subscriptions equal to what is followed, until the store is gone.
///
/// `changes` tells which conversations to look at again; `pushes` is what Redis says unasked.
pub(super) async fn keep(
    mut connection: ConnectionManager,
    followers: Followers,
    mut changes: UnboundedReceiver<ConversationId>,
    mut pushes: UnboundedReceiver<PushInfo>,
) {
    let mut due = HashSet::new();
    loop {
        tokio::select! {
            biased;
            push = pushes.recv() => match push {
                Some(push) if push.kind == PushKind::Disconnection => due.extend(followers.all()),
                Some(push) => hear(&followers, &push),
                None => return,
            },
            change = changes.recv() => match change {
                Some(id) => due.extend([id]),
                None => return,
            },
            result = apply(&mut connection, &followers, &due), if !due.is_empty() => match result {
                Ok(()) => due.clear(),
                Err(_) => tokio::time::sleep(RETRY_PERIOD).await,
            },
        }
    }
}
