//! The stores that keep conversations.
//!
//! There are two: [`redis`] for everything that is deployed, [`memory`] for trying things out with
//! nothing installed. Both hold the same bytes (see [`crate::event_log`]) and keep one contract,
//! which `tests/store/contract.rs` tests on both. Each write is atomic. An operation takes one round
//! trip, except reading a long conversation or one that changed since a known version.

pub mod memory;
mod notifier;
mod pending;
pub mod queue;
pub mod reader;
pub mod redis;

use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use bytes::Bytes;

use crate::config::Config;
use crate::domain::conversation::ConversationId;
use crate::domain::cursor::Cursor;
use crate::domain::message_id::MessageId;
use crate::domain::queue::Waiting;
use crate::domain::seen::Seen;
use crate::domain::sender::Sender;
use crate::domain::taker::Taker;
use crate::domain::version::KnownVersions;
use crate::error::Error;
use crate::event_log;
use memory::MemoryStore;
use notifier::Subscription;
pub use pending::{Created, PendingConversation, PendingMessage, Sent};
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

/// The result of reading a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// The conversation is at this version, which the reader knows.
    Unchanged(Cursor),
    /// The whole log, from its first line on.
    Log(Vec<u8>),
}

/// The cursor at the end of a whole log.
pub fn log_end(log: &[u8]) -> Cursor {
    event_log::cursor_at(event_log::state::STATE_LENGTH + log.len())
}

/// What happened in a conversation after a cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail {
    /// Whole lines of the log, see [`crate::event_log::read::events`].
    pub lines: Bytes,
    /// When the conversation expires, unless it is written to.
    pub expires: SystemTime,
    /// How far each side has seen it.
    pub seen: Seen,
    /// Which request created it. After a deletion, another may under the same key, and so id.
    pub creator: u64,
    /// Whether the lines reach the log's end.
    pub is_whole: bool,
    /// For lines that came as a notification: the response that the first follower makes of them.
    pub rendered: Option<Rendered>,
}

/// What has happened on the way to the store since the process began; all zero in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreStatistics {
    /// Operations that found no working store, after all their attempts.
    pub failures: u64,
    /// Connections opened for commands. Each after the first to a server is a reconnect.
    pub command_connections: u64,
    /// Connections opened for subscriptions, which close when nobody follows.
    pub subscription_connections: u64,
}

/// The response for an event. The first of its followers sets it, and the others use it.
pub type Rendered = Arc<OnceLock<Bytes>>;

impl Store {
    /// Connects to the Redis that the configuration names, or else opens a store in memory.
    pub async fn open(config: &Config) -> Self {
        match &config.redis {
            Some(redis) => Self::Redis(RedisStore::connect(redis, config).await),
            None => Self::Memory(MemoryStore::new(config)),
        }
    }

    /// Creates a conversation. One with a key that is there already is left as it is.
    pub async fn create(&self, conversation: &PendingConversation) -> Result<Created, Error> {
        match self {
            Self::Redis(store) => store.create(conversation).await,
            Self::Memory(store) => store.create(conversation),
        }
    }

    /// Adds a message, and extends the conversation's life.
    pub async fn send(&self, id: &ConversationId, message: &PendingMessage) -> Result<Sent, Error> {
        match self {
            Self::Redis(store) => store.send(id, message).await,
            Self::Memory(store) => store.send(id, message),
        }
    }

    /// Reads the whole conversation, unless the reader knows its version.
    pub async fn read(&self, id: &ConversationId, known: &KnownVersions) -> Result<Read, Error> {
        match self {
            Self::Redis(store) => store.read(id, known).await,
            Self::Memory(store) => store.read(id, known),
        }
    }

    /// Removes a message's content, adds a line that says so, and extends the conversation's life.
    /// With a sender, deletes only a message of that sender.
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

    /// Lets an agent take the conversation, adds a line that says so, and extends the conversation's
    /// life. Does nothing if the same agent has taken it.
    pub async fn join(
        &self,
        id: &ConversationId,
        taker: Taker,
        name: Option<&str>,
    ) -> Result<(), Error> {
        let line = event_log::line::joined(name, SystemTime::now());
        match self {
            Self::Redis(store) => store.join(id, taker, &line).await,
            Self::Memory(store) => store.join(id, taker, &line),
        }
    }

    /// Closes the conversation, adds a line that says so, and extends the conversation's life. Does
    /// nothing if it is closed.
    pub async fn close(
        &self,
        id: &ConversationId,
        sender: Sender,
        reason: Option<&str>,
    ) -> Result<(), Error> {
        let line = event_log::line::closed(sender, reason, SystemTime::now());
        match self {
            Self::Redis(store) => store.close(id, &line).await,
            Self::Memory(store) => store.close(id, &line),
        }
    }

    /// Notes that a side has seen everything up to a cursor, unless it has seen more.
    pub async fn mark_seen(
        &self,
        id: &ConversationId,
        sender: Sender,
        cursor: Cursor,
    ) -> Result<(), Error> {
        match self {
            Self::Redis(store) => store.mark_seen(id, sender, cursor).await,
            Self::Memory(store) => store.mark_seen(id, sender, cursor),
        }
    }

    /// Tells those who follow at this moment that a side is writing. It is not kept.
    pub async fn notify_typing(&self, id: &ConversationId, sender: Sender) -> Result<(), Error> {
        match self {
            Self::Redis(store) => store.notify_typing(id, sender).await,
            Self::Memory(store) => store.notify_typing(id, sender),
        }
    }

    /// Deletes a conversation and all that belongs to it.
    pub async fn delete_conversation(&self, id: &ConversationId) -> Result<(), Error> {
        match self {
            Self::Redis(store) => store.delete_conversation(id).await,
            Self::Memory(store) => store.delete_conversation(id),
        }
    }

    /// Reads the lines after a cursor, `limit` bytes at most.
    ///
    /// A limit of at least [`event_log::line::MAX_LINE_BYTES`] is enough for one line.
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

    /// Lists the first of the conversations that no agent has taken.
    async fn waiting(&self, limit: usize) -> Result<Waiting, Error> {
        match self {
            Self::Redis(store) => store.waiting(limit).await,
            Self::Memory(store) => Ok(store.waiting(limit)),
        }
    }

    /// Subscribes to what happens in a conversation.
    fn subscribe(&self, id: &ConversationId) -> Subscription {
        match self {
            Self::Redis(store) => store.subscribe(id),
            Self::Memory(store) => store.subscribe(id),
        }
    }

    /// The store's clock beside this process's, from the time that a conversation has left.
    async fn clock(&self, id: &ConversationId) -> Result<StoreClock, Error> {
        match self {
            Self::Redis(store) => store.clock(id).await,
            Self::Memory(store) => store.clock(id),
        }
    }

    /// Tells what has happened on the way to the store.
    pub fn statistics(&self) -> StoreStatistics {
        match self {
            Self::Redis(store) => store.statistics(),
            Self::Memory(_) => StoreStatistics::default(),
        }
    }

    /// Ends all following, and all that begins later, because the process is ending.
    pub fn end_following(&self) {
        match self {
            Self::Redis(store) => store.end_following(),
            Self::Memory(store) => store.end_following(),
        }
    }

    /// Whether all following has ended.
    fn has_ended_following(&self) -> bool {
        match self {
            Self::Redis(store) => store.has_ended_following(),
            Self::Memory(store) => store.has_ended_following(),
        }
    }
}
