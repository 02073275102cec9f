//! Conversations in this process's memory: the embedded default, gone when the process ends.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use tokio::time::Instant;

use super::{Draft, Read, Sent};
use crate::config::Config;
use crate::conversation::ConversationId;
use crate::cursor::Cursor;
use crate::error::Error;
use crate::idempotency::{Fingerprint, IdempotencyKey};
use crate::log;
use crate::message::MessageId;

/// How often expired conversations are looked for. They are never answered meanwhile: this bounds
/// only how long their memory is held.
const SWEEP_PERIOD: Duration = Duration::from_secs(1);

/// All conversations of this process. Cloning it shares them.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    conversations: Arc<Conversations>,
    ttl: Duration,
    max_log_bytes: usize,
}

#[derive(Debug, Default)]
struct Conversations {
    /// One lock each, so that a long answer holds up no other conversation.
    by_id: RwLock<HashMap<ConversationId, Arc<Mutex<Conversation>>>>,
    /// When to look at each again, the earliest first: at its expiry as it was when last looked at.
    checks: Mutex<BinaryHeap<Reverse<(Instant, ConversationId)>>>,
}

#[derive(Debug)]
struct Conversation {
    log: Vec<u8>,
    seen: HashMap<IdempotencyKey, (Fingerprint, MessageId)>,
    expires: Instant,
}

impl MemoryStore {
    /// An empty store, and the task that clears it of what has expired for as long as it is used.
    ///
    /// Must be called within a tokio runtime.
    pub fn new(config: &Config) -> Self {
        let conversations = Arc::new(Conversations::default());
        tokio::spawn(sweep(Arc::downgrade(&conversations)));
        Self { conversations, ttl: config.conversation_ttl, max_log_bytes: config.max_log_bytes() }
    }

    /// Conversations that memory is held for, expired ones not yet cleared away included.
    pub fn held(&self) -> usize {
        self.conversations.by_id.read().len()
    }

    pub(super) fn create(&self, id: &ConversationId) -> Result<(), Error> {
        let conversation = Conversation {
            log: log::empty(id),
            seen: HashMap::new(),
            expires: Instant::now() + self.ttl,
        };
        self.conversations.checks.lock().push(Reverse((conversation.expires, *id)));
        let conversation = Arc::new(Mutex::new(conversation));
        self.conversations.by_id.write().insert(*id, conversation);
        Ok(())
    }

    pub(super) fn send(&self, id: &ConversationId, draft: &Draft) -> Result<Sent, Error> {
        self.with(id, |conversation| {
            if let Some((key, fingerprint)) = &draft.once
                && let Some((first, message_id)) = conversation.seen.get(key)
            {
                return if first == fingerprint {
                    Ok(Sent::Replayed(*message_id))
                } else {
                    Err(Error::IdempotencyKeyReused)
                };
            }
            if conversation.log.len() + draft.line.len() > self.max_log_bytes {
                return Err(Error::ConversationFull);
            }
            conversation.log.extend_from_slice(&draft.line);
            if let Some((key, fingerprint)) = &draft.once {
                conversation.seen.insert(key.clone(), (*fingerprint, draft.message_id));
            }
            conversation.expires = Instant::now() + self.ttl;
            Ok(Sent::Added(draft.message_id))
        })
    }

    pub(super) fn read(&self, id: &ConversationId, known: &[Cursor]) -> Result<Read, Error> {
        self.with(id, |conversation| {
            let end = log::end(conversation.log.len());
            Ok(if known.contains(&end) {
                Read::Unchanged(end)
            } else {
                Read::Log(conversation.log.clone())
            })
        })
    }

    pub(super) fn delete(&self, id: &ConversationId, message: &MessageId) -> Result<(), Error> {
        self.with(id, |conversation| {
            if !log::delete(&mut conversation.log, message) {
                return Err(Error::MessageNotFound);
            }
            conversation.expires = Instant::now() + self.ttl;
            Ok(())
        })
    }

    /// Does something with a conversation that has not expired, alone.
    fn with<T>(
        &self,
        id: &ConversationId,
        act: impl FnOnce(&mut Conversation) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let found = self.conversations.by_id.read().get(id).cloned();
        let conversation = found.ok_or(Error::ConversationNotFound)?;
        let mut conversation = conversation.lock();
        if conversation.expires <= Instant::now() {
            return Err(Error::ConversationNotFound);
        }
        act(&mut conversation)
    }
}

impl Conversations {
    /// Removes what has expired. A conversation that was written to since it was last looked at is
    /// looked at again at its new expiry, so a write costs the queue nothing.
    fn remove_expired(&self) {
        let now = Instant::now();
        let mut checks = self.checks.lock();
        while let Some(Reverse((when, id))) = checks.peek().copied()
            && when <= now
        {
            checks.pop();
            let found = self.by_id.read().get(&id).cloned();
            match found.map(|conversation| conversation.lock().expires) {
                Some(expires) if expires > now => checks.push(Reverse((expires, id))),
                _ => drop(self.by_id.write().remove(&id)),
            }
        }
        if self.by_id.read().capacity() > 4 * checks.len() + 1024 {
            self.by_id.write().shrink_to_fit();
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
