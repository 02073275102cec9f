//! The queue in this process's memory.

use std::collections::{BTreeMap, HashMap};
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;

use crate::domain::conversation::ConversationId;
use crate::domain::queue::{MAX_WAITING, QueueCursor, Waiting, WaitingConversation};

/// The conversations that wait for an agent.
#[derive(Debug, Default)]
pub(super) struct Queue(Mutex<Entries>);

#[derive(Debug)]
struct Entries {
    by_creation: BTreeMap<u64, ConversationId>,
    created: HashMap<ConversationId, u64>,
    version: QueueCursor,
}

impl Default for Entries {
    fn default() -> Self {
        Self { by_creation: BTreeMap::new(), created: HashMap::new(), version: QueueCursor(0) }
    }
}

impl Queue {
    /// Adds a conversation that was just created. Returns that this changes the queue.
    pub(super) fn add(&self, id: &ConversationId) -> bool {
        let mut entries = self.0.lock();
        // One that had the same id may not have been found expired yet.
        entries.remove(id);
        let version = entries.next_version();
        entries.by_creation.insert(version, *id);
        entries.created.insert(*id, version);
        if entries.by_creation.len() > MAX_WAITING
            && let Some((_, oldest)) = entries.by_creation.pop_first()
        {
            entries.created.remove(&oldest);
        }
        true
    }

    /// Removes a conversation, and returns whether it was there.
    pub(super) fn remove(&self, id: &ConversationId) -> bool {
        let mut entries = self.0.lock();
        let was_there = entries.remove(id);
        if was_there {
            entries.next_version();
        }
        was_there
    }

    /// When a conversation was created, if it is in the queue.
    pub(super) fn created(&self, id: &ConversationId) -> Option<u64> {
        self.0.lock().created.get(id).copied()
    }

    /// Removes the conversation that was created then, and not one that was since under the same id.
    /// Returns whether it was there.
    pub(super) fn remove_created(&self, id: &ConversationId, created: u64) -> bool {
        let mut entries = self.0.lock();
        let is_there = entries.created.get(id) == Some(&created) && entries.remove(id);
        if is_there {
            entries.next_version();
        }
        is_there
    }

    /// Lists the first conversations that still wait, and removes those before that no longer do.
    pub(super) fn list(&self, limit: usize, waits: impl Fn(&ConversationId) -> bool) -> Waiting {
        let mut entries = self.0.lock();
        let mut conversations = Vec::new();
        let mut left = Vec::new();
        for (created, id) in &entries.by_creation {
            if conversations.len() == limit {
                break;
            }
            match waits(id) {
                true => conversations.push(WaitingConversation { id: *id, created: *created }),
                false => left.push(*id),
            }
        }
        for id in &left {
            entries.remove(id);
        }
        if !left.is_empty() {
            entries.next_version();
        }
        Waiting { conversations, cursor: entries.version }
    }
}

impl Entries {
    fn next_version(&mut self) -> u64 {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.version = self.version.next_at(since_1970.as_micros() as u64);
        self.version.0
    }

    fn remove(&mut self, id: &ConversationId) -> bool {
        let created = self.created.remove(id);
        created.is_some_and(|created| self.by_creation.remove(&created).is_some())
    }
}
