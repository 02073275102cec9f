//! One conversation in memory, and the memory that it takes.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::domain::idempotency::Idempotency;
use crate::domain::message_id::MessageId;
use crate::error::Error;
use crate::event_log::state;

/// About how many bytes a conversation takes beside its own: its entries in the store's maps.
const OVERHEAD: usize = 512;
/// About how many bytes a remembered send takes, with the room that a growing map keeps.
const REMEMBERED_BYTES: usize = 112;

/// How many bytes all conversations take, and may take.
#[derive(Debug)]
pub(super) struct Budget {
    used: AtomicUsize,
    max: usize,
}

/// The bytes that one conversation takes of the budget. They are given back when it is dropped.
#[derive(Debug)]
struct Share {
    budget: Arc<Budget>,
    taken: usize,
}

#[derive(Debug)]
pub(super) struct Conversation {
    /// As in Redis: the state, then the log.
    bytes: Vec<u8>,
    /// The remembered sends: each by the digest of its key, with its fingerprint and the message's id.
    sends: HashMap<[u8; 16], ([u8; 16], MessageId)>,
    pub(super) expires: Expiry,
    share: Share,
}

/// When a conversation expires, on the monotonic clock and on the wall clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expiry {
    pub(super) instant: Instant,
    pub(super) time: SystemTime,
}

impl Expiry {
    pub(super) fn after(ttl: Duration) -> Self {
        Self { instant: Instant::now() + ttl, time: SystemTime::now() + ttl }
    }
}

impl Budget {
    pub(super) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { used: AtomicUsize::new(0), max })
    }
}

impl Share {
    /// Takes more bytes, if the budget has them.
    fn take(&mut self, more: usize) -> Result<(), Error> {
        if self.budget.used.fetch_add(more, Relaxed) + more > self.budget.max {
            self.budget.used.fetch_sub(more, Relaxed);
            return Err(Error::StoreUnavailable("MAX_MEMORY_BYTES are in use".into()));
        }
        self.taken += more;
        Ok(())
    }

    /// Takes more bytes, even beyond the budget.
    fn take_beyond_budget(&mut self, more: usize) {
        self.budget.used.fetch_add(more, Relaxed);
        self.taken += more;
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.taken, Relaxed);
    }
}

impl Conversation {
    pub(super) fn new(
        bytes: Vec<u8>,
        expires: Expiry,
        budget: &Arc<Budget>,
    ) -> Result<Self, Error> {
        let mut share = Share { budget: budget.clone(), taken: 0 };
        share.take(OVERHEAD + bytes.capacity())?;
        Ok(Self { bytes, sends: HashMap::new(), expires, share })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn has_expired(&self) -> bool {
        self.expires.instant <= Instant::now()
    }

    /// Fails if the conversation is closed.
    pub(super) fn require_open(&self) -> Result<(), Error> {
        match state::is_closed(&self.bytes) {
            true => Err(Error::ConversationClosed),
            false => Ok(()),
        }
    }

    /// Makes room for more bytes, and for one more remembered send.
    pub(super) fn make_room(&mut self, more: usize, remembers: bool) -> Result<(), Error> {
        let (needed, capacity) = (self.bytes.len() + more, self.bytes.capacity());
        // The room doubles each time, so that the bytes are seldom moved.
        let grown = if needed > capacity { needed.max(2 * capacity) } else { capacity };
        let remembered = if remembers { REMEMBERED_BYTES } else { 0 };
        self.share.take(grown - capacity + remembered)?;
        self.bytes.reserve_exact(grown - self.bytes.len());
        Ok(())
    }

    /// Changes the bytes, even beyond the budget.
    pub(super) fn change<T>(&mut self, act: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        let before = self.bytes.capacity();
        let result = act(&mut self.bytes);
        self.share.take_beyond_budget(self.bytes.capacity() - before);
        result
    }

    pub(super) fn remembered(&self, key: &[u8; 16]) -> Option<&([u8; 16], MessageId)> {
        self.sends.get(key)
    }

    pub(super) fn remember(&mut self, idempotency: &Idempotency, id: MessageId) {
        self.sends.insert(*idempotency.key(), (*idempotency.fingerprint(), id));
    }
}
