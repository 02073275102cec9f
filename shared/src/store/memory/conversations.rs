//! The conversations by their ids, each for as long as it lives.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use dashmap::DashMap;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::conversation::{Budget, Conversation, Expiry};
use crate::domain::conversation::ConversationId;
use crate::error::Error;

/// How often expired conversations are looked for. They are never answered meanwhile: this bounds
/// only how long their memory is held.
const SWEEP_PERIOD: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Conversations {
    /// One lock each, so that a long answer holds up no other conversation; and in parts, so that
    /// one that grows holds up few.
    by_id: DashMap<ConversationId, Arc<Mutex<Conversation>>>,
    /// When to look at each again, the earliest first: at its expiry as it was when last looked at.
    checks: Mutex<BinaryHeap<Reverse<(Instant, ConversationId)>>>,
    budget: Arc<Budget>,
}

impl Conversations {
    /// None yet, and the task that removes the expired ones for as long as there is anyone to ask.
    pub(super) fn start(max_memory_bytes: usize) -> Arc<Self> {
        let conversations = Arc::new(Self {
            by_id: DashMap::new(),
            checks: Mutex::default(),
            budget: Budget::new(max_memory_bytes),
        });
        tokio::spawn(sweep(Arc::downgrade(&conversations)));
        conversations
    }

    /// Adds one of these bytes, if there is memory for it.
    pub(super) fn insert(
        &self,
        id: &ConversationId,
        bytes: Vec<u8>,
        expires: Expiry,
    ) -> Result<(), Error> {
        let conversation = Conversation::new(bytes, expires, &self.budget)?;
        self.checks.lock().push(Reverse((expires.instant, *id)));
        self.by_id.insert(*id, Arc::new(Mutex::new(conversation)));
        Ok(())
    }

    /// How many memory is held for.
    pub(super) fn held(&self) -> usize {
        self.by_id.len()
    }

    /// Does something with a conversation that has not expired, alone.
    pub(super) fn with<T>(
        &self,
        id: &ConversationId,
        act: impl FnOnce(&mut Conversation) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let found = self.by_id.get(id).map(|entry| entry.value().clone());
        let conversation = found.ok_or(Error::ConversationNotFound)?;
        let mut conversation = conversation.lock();
        if conversation.expires.instant <= Instant::now() {
            return Err(Error::ConversationNotFound);
        }
        act(&mut conversation)
    }

    /// Removes what has expired. A conversation that was written to since it was last looked at is
    /// looked at again at its new expiry, so a write costs the queue nothing.
    fn remove_expired(&self) {
        let now = Instant::now();
        let mut checks = self.checks.lock();
        while let Some(Reverse((when, id))) = checks.peek().copied()
            && when <= now
        {
            checks.pop();
            let found = self.by_id.get(&id).map(|entry| entry.value().clone());
            match found.map(|conversation| conversation.lock().expires.instant) {
                Some(expires) if expires > now => checks.push(Reverse((expires, id))),
                _ => drop(self.by_id.remove(&id)),
            }
        }
        if self.by_id.capacity() > 4 * checks.len() + 1024 {
            self.by_id.shrink_to_fit();
            checks.shrink_to_fit();
        }
    }
}

async fn sweep(conversations: Weak<Conversations>) {
    let mut period = tokio::time::interval(SWEEP_PERIOD);
    loop {
        period.tick().await;
        match conversations.upgrade() {
            Some(conversations) => conversations.remove_expired(),
            None => return,
        }
    }
}
