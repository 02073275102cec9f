//! The conversations by their ids, until they expire.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use dashmap::mapref::multiple::RefMulti;
use dashmap::{DashMap, Entry};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::conversation::{Budget, Conversation, Expiry};
use crate::domain::conversation::ConversationId;
use crate::error::Error;

/// How often expired conversations are removed. They are not found once expired; this only bounds
/// how long they take memory.
const SWEEP_PERIOD: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Conversations {
    /// Each conversation has a lock of its own, so that a long response holds up no other. The map is
    /// in parts, so that one part that grows holds up few.
    by_id: DashMap<ConversationId, Arc<Mutex<Conversation>>>,
    /// When to check each conversation next, the earliest first: at the expiry it last had.
    checks: Mutex<BinaryHeap<Reverse<(Instant, ConversationId)>>>,
    budget: Arc<Budget>,
}

impl Conversations {
    /// Starts with no conversations, and with the task that removes expired ones until the last
    /// clone is dropped.
    pub(super) fn start(max_memory_bytes: usize) -> Arc<Self> {
        let conversations = Arc::new(Self {
            by_id: DashMap::new(),
            checks: Mutex::default(),
            budget: Budget::new(max_memory_bytes),
        });
        tokio::spawn(sweep(Arc::downgrade(&conversations)));
        conversations
    }

    /// Adds a conversation, if there is memory for it. Returns the one that is there already, and has
    /// not expired, instead of replacing it.
    pub(super) fn insert(
        &self,
        id: &ConversationId,
        bytes: Vec<u8>,
        expires: Expiry,
    ) -> Result<Option<Arc<Mutex<Conversation>>>, Error> {
        let conversation = Conversation::new(bytes, expires, &self.budget)?;
        {
            // Its part of the map stays locked meanwhile, so that of two one is first.
            let entry = self.by_id.entry(*id);
            if let Entry::Occupied(entry) = &entry
                && !entry.get().lock().has_expired()
            {
                return Ok(Some(entry.get().clone()));
            }
            entry.insert(Arc::new(Mutex::new(conversation)));
        }
        // Only now, because the sweep locks the checks before the map.
        self.checks.lock().push(Reverse((expires.instant, *id)));
        Ok(None)
    }

    /// Removes a conversation that has not expired. Whoever holds it finds it expired.
    pub(super) fn remove(&self, id: &ConversationId) -> Result<(), Error> {
        self.with(id, |conversation| {
            conversation.expires.instant = Instant::now();
            Ok(())
        })?;
        self.remove_if_expired(id);
        Ok(())
    }

    /// Another conversation may have been created under the same id meanwhile.
    fn remove_if_expired(&self, id: &ConversationId) {
        self.by_id.remove_if(id, |_, conversation| conversation.lock().has_expired());
    }

    /// How many conversations are in memory.
    pub(super) fn held(&self) -> usize {
        self.by_id.len()
    }

    /// Locks a conversation that has not expired, and does something with it.
    pub(super) fn with<T>(
        &self,
        id: &ConversationId,
        act: impl FnOnce(&mut Conversation) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let found = self.by_id.get(id).map(|entry| entry.value().clone());
        let conversation = found.ok_or(Error::ConversationNotFound)?;
        let mut conversation = conversation.lock();
        if conversation.has_expired() {
            return Err(Error::ConversationNotFound);
        }
        act(&mut conversation)
    }

    /// Removes what has expired. A conversation that was written to since its last check is checked
    /// again at its new expiry, so that a write does not touch the queue.
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
                _ => self.remove_if_expired(&id),
            }
        }
        // Deleted conversations leave their checks behind.
        if checks.len() > 2 * self.by_id.len() + 1024 {
            let check = |entry: RefMulti<_, Arc<Mutex<Conversation>>>| {
                Reverse((entry.lock().expires.instant, *entry.key()))
            };
            *checks = self.by_id.iter().map(check).collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_deleted_or_replayed_leaves_no_checks_behind() {
        let conversations = Conversations::start(usize::MAX);
        let insert = |id: &ConversationId| {
            let expires = Expiry::after(Duration::from_secs(60));
            conversations.insert(id, Vec::new(), expires).unwrap()
        };
        let kept = ConversationId::random();
        assert!(insert(&kept).is_none());
        for _ in 0..5_000 {
            assert!(insert(&kept).is_some());
            let id = ConversationId::random();
            assert!(insert(&id).is_none());
            conversations.remove(&id).unwrap();
        }
        conversations.remove_expired();
        assert_eq!(conversations.checks.lock().len(), 1);
        tokio::time::advance(Duration::from_secs(60)).await;
        conversations.remove_expired();
        assert_eq!(conversations.held(), 0);
    }
}
