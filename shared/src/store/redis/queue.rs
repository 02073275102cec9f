//! The queue in Redis: a sorted set in a hash slot of its own.
//!
//! What leaves the queue is removed from it at once, if Redis answers. Whoever lists the queue looks at
//! each conversation, and removes those that no longer wait.

mod commands;

use futures_util::future::try_join_all;

use super::operation::Operation;
use super::{RedisStore, unavailable};
use crate::domain::conversation::ConversationId;
use crate::domain::queue::{LIMITS, Waiting, WaitingConversation};
use crate::error::Error;
use commands::{AddArguments, IsWaiting, QueueEntry, ReadQueue, RemoveArguments};

impl RedisStore {
    /// Reads the first of the waiting conversations.
    pub(in crate::store) async fn waiting(&self, limit: usize) -> Result<Waiting, Error> {
        let mut operation = Operation::new(&self.client, &ConversationId::NIL);
        let mut count = limit;
        loop {
            let read = ReadQueue { limit: count };
            let mut waiting = operation.run(&read).await.map_err(unavailable)?;
            let left = self.left(&waiting.conversations, &operation).await?;
            if left.is_empty() {
                waiting.conversations.truncate(limit);
                return Ok(waiting);
            }
            self.write_within(&mut operation, false, RemoveArguments::Listed(&left)).await?;
            // Where many have expired at once, there may be more.
            count = *LIMITS.end();
        }
    }

    /// The conversations that no longer wait: they have expired, or their removal failed.
    async fn left(
        &self,
        waiting: &[WaitingConversation],
        operation: &Operation<'_>,
    ) -> Result<Vec<WaitingConversation>, Error> {
        // All of one node travel together, because they share its connection.
        let checks = waiting.iter().map(async |conversation| {
            let waits = operation.on(&conversation.id).run(&IsWaiting).await?;
            Ok((!waits).then_some(*conversation))
        });
        let left = try_join_all(checks).await.map_err(unavailable)?;
        Ok(left.into_iter().flatten().collect())
    }

    /// Adds a conversation, within the time of the operation that created it.
    pub(super) async fn enter_queue(
        &self,
        id: &ConversationId,
        is_new: bool,
        operation: &Operation<'_>,
    ) -> Result<(), Error> {
        let mut operation = operation.on(&ConversationId::NIL);
        self.write_within(&mut operation, false, AddArguments { id, is_new }).await
    }

    /// Removes a conversation that was taken.
    pub(super) async fn leave_queue(&self, id: &ConversationId, operation: &Operation<'_>) {
        self.remove_from_queue(RemoveArguments::One(id), operation).await;
    }

    /// Finds a conversation that may be deleted, if it waits.
    pub(super) async fn queue_entry(
        &self,
        id: &ConversationId,
        operation: &Operation<'_>,
    ) -> Option<WaitingConversation> {
        let entry = operation.on(&ConversationId::NIL).run(&QueueEntry { id: *id }).await;
        entry.ok().flatten()
    }

    /// Removes a conversation that was deleted. Another may have been created since under the same id,
    /// and stays.
    pub(super) async fn leave_queue_as(
        &self,
        entry: WaitingConversation,
        operation: &Operation<'_>,
    ) {
        self.remove_from_queue(RemoveArguments::Listed(&[entry]), operation).await;
    }

    /// Whoever lists the queue next makes up for what fails.
    async fn remove_from_queue(&self, removal: RemoveArguments<'_>, operation: &Operation<'_>) {
        let mut operation = operation.on(&ConversationId::NIL);
        if let Err(Error::StoreUnavailable(cause)) =
            self.write_within(&mut operation, false, removal).await
        {
            tracing::warn!(%cause, "a conversation that waits no longer was not removed from the queue");
        }
    }
}
