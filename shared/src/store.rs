//! Where conversations live.
//!
//! Two stores hold the same bytes (see [`crate::event_log`]) and obey one contract, held to it by
//! the one test suite `tests/store_contract.rs`: [`redis`] for everything that is deployed,
//! [`memory`] for trying things out with nothing installed. Each write is atomic. Each operation is
//! one round trip, but for reading what has changed since a version, and what is long.

pub mod memory;
mod notifier;
pub mod reader;
pub mod redis;

use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use bytes::Bytes;

use crate::config::Config;
use crate::domain::conversation::ConversationId;
use crate::domain::cursor::{Cursor, KnownVersions};
use crate::domain::idempotency::{Idempotency, IdempotencyKey};
use crate::domain::message::{MessageId, NewMessage, Sender};
use crate::error::Error;
use crate::event_log;
use memory::MemoryStore;
use notifier::Subscription;
use reader::StoreClock;
use redis::RedisStore;

/// The store that the configuration chose. Cloning it shares it.
#[derive(Clone, Debug)]
pub enum Store {
    /// A Redis server, shared by every process that names it.
    Redis(RedisStore),
    /// This process, for as long as it runs.
    Memory(MemoryStore),
}

/// A message on its way into the log, under an id made before the first attempt, whose place the
/// store sets.
#[derive(Clone, Debug)]
pub struct PendingMessage {
    pub(crate) id: MessageId,
    pub(crate) line: Vec<u8>,
    pub(crate) idempotency: Option<Idempotency>,
}

impl PendingMessage {
    /// Prepares a message to be added; with a key, to be added once under that key.
    pub fn new(
        conversation: &ConversationId,
        message: &NewMessage,
        key: Option<&IdempotencyKey>,
    ) -> Self {
        let id = MessageId::next();
        Self {
            id,
            line: event_log::line::message(&id, message),
            idempotency: key.map(|key| Idempotency::of(conversation, key, message)),
        }
    }
}

/// How a send ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The message is the log's newest.
    Added(MessageId),
    /// The key was seen before, with the same message, which has this id. Nothing was changed.
    Replayed(MessageId),
}

/// What reading a conversation yields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// The conversation stands where the reader knows it to stand.
    Unchanged(Cursor),
    /// The whole log, from its first line on.
    Log(Vec<u8>),
}

/// The cursor at the end of a whole log.
pub fn log_end(log: &[u8]) -> Cursor {
    event_log::cursor_at(event_log::state::STATE_LENGTH + log.len())
}

/// What has happened in a conversation since a cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail {
    /// Whole lines of the log, see [`crate::event_log::read::events`].
    pub lines: Bytes,
    /// When the conversation expires, if nobody writes to it.
    pub expires: SystemTime,
    /// Whether they reach to the log's end.
    pub is_whole: bool,
    /// Where they were published: room for what they are put into for all who follow, once.
    pub rendered: Option<Rendered>,
}

/// What the first of many who follow makes of an event, and the others take.
pub type Rendered = Arc<OnceLock<Bytes>>;

impl Store {
    /// Connects to Redis where the configuration names one; else opens a store in memory.
    pub async fn open(config: &Config) -> Self {
        match &config.redis {
            Some(redis) => Self::Redis(RedisStore::connect(redis, config).await),
            None => Self::Memory(MemoryStore::new(config)),
        }
    }

    /// Begins a conversation under an id that no other has.
    pub async fn create(&self, id: &ConversationId) -> Result<(), Error> {
        match self {
            Self::Redis(store) => store.create(id).await,
            Self::Memory(store) => store.create(id),
        }
    }

    /// Adds a message, and lets the conversation live on.
    pub async fn send(&self, id: &ConversationId, message: &PendingMessage) -> Result<Sent, Error> {
        match self {
            Self::Redis(store) => store.send(id, message).await,
            Self::Memory(store) => store.send(id, message),
        }
    }

    /// Reads the whole conversation, unless the reader knows it as it stands.
    pub async fn read(&self, id: &ConversationId, known: &KnownVersions) -> Result<Read, Error> {
        match self {
            Self::Redis(store) => store.read(id, known).await,
            Self::Memory(store) => store.read(id, known),
        }
    }

    /// Removes a message's content, notes that it was deleted, and lets the conversation live on;
    /// where a sender is named, only if the message is from that one.
    pub async fn delete(
        &self,
        id: &ConversationId,
        message: &MessageId,
        sender: Option<Sender>,
    ) -> Result<(), Error> {
        match self {
            Self::Redis(store) => store.delete(id, message, sender).await,
            Self::Memory(store) => store.delete(id, message, sender),
        }
    }

    /// Reads on from a cursor, `limit` bytes at most.
    ///
    /// Every line is shorter than [`event_log::line::MAX_LINE_BYTES`], so a limit above that always reads on.
    pub async fn read_after(
        &self,
        id: &ConversationId,
        after: Cursor,
        limit: u32,
    ) -> Result<Tail, Error> {
        match self {
            Self::Redis(store) => store.read_after(id, after, limit).await,
            Self::Memory(store) => store.read_after(id, after, limit),
        }
    }

    /// Begins to listen for what happens in a conversation.
    fn subscribe(&self, id: &ConversationId) -> Subscription {
        match self {
            Self::Redis(store) => store.subscribe(id),
            Self::Memory(store) => store.subscribe(id),
        }
    }

    /// The store's clock beside this process's, told by the time that a conversation has left.
    async fn clock(&self, id: &ConversationId) -> Result<StoreClock, Error> {
        match self {
            Self::Redis(store) => store.clock(id).await,
            Self::Memory(store) => store.clock(id),
        }
    }

    /// Lets go all who follow a conversation, and all who are going to: the process is ending.
    pub fn end_following(&self) {
        match self {
            Self::Redis(store) => store.end_following(),
            Self::Memory(store) => store.end_following(),
        }
    }
}
