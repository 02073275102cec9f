//! A channel for each conversation that is followed, on the connection that carries the commands.

use std::collections::HashSet;
use std::time::Duration;

use redis::RedisResult;
use tokio::sync::mpsc::UnboundedReceiver;

use super::connection::Connection;
use super::pushes::channel;
use crate::conversation::ConversationId;
use crate::store::followers::{Followers, WeakFollowers};

/// How long to leave a Redis alone that could not be asked to subscribe.
const RETRY_PERIOD: Duration = Duration::from_millis(250);

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
