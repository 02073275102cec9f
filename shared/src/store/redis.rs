//! Conversations in Redis.
//!
//! A conversation is one key. A second key remembers its sends that carried an `Idempotency-Key`,
//! see `redis/keys.rs`. A change is a Lua script: atomic, in one round trip. Reading takes plain
//! commands, which cost Redis half of what a script does, and reads long logs in pieces, so that
//! they never fill Redis's output buffers. Followers are notified over a channel, see
//! `redis/subscriber.rs`.
//!
//! The way of a write: `RedisStore::send` → `RedisStore::write` → `Operation::run` →
//! `Connection::run` → the crate `redis`. Reads leave out `write`.
//!
//! - `write.rs`, `write/`: the operations that write; `script.rs`, `scripts/`: the scripts they run.
//! - `read.rs`, `read/`: the operations that read, and their commands.
//! - `queue.rs`, `queue/`: the conversations that wait for an agent.
//! - `operation.rs`: attempts and the deadline; `retry.rs`: when to retry.
//! - `client.rs`: the connections for commands; `connection.rs`: one of them; `command.rs`: what is
//!   sent over it.
//! - `topology.rs`: the servers there are, and which of them serves which conversation.
//! - `statistics.rs`: counts of what happened to them.
//! - `subscriber.rs`: the connections for subscriptions.

mod client;
mod command;
mod connection;
mod keys;
mod loggable;
mod operation;
mod queue;
mod read;
mod retry;
mod script;
mod server;
mod statistics;
mod subscriber;
mod topology;
mod write;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use redis::RedisError;
use tokio::sync::mpsc;

use super::StoreStatistics;
use super::notifier::{Notifier, Subscription};
use crate::config::{Config, RedisConfig};
use crate::domain::conversation::ConversationId;
use crate::error::Error;
use client::Client;
use loggable::loggable;
use subscriber::Subscriber;
use topology::Topology;

/// A Redis server or cluster. All requests share one connection to each server, and all followers
/// another. Cloning it shares it.
#[derive(Clone, Debug)]
pub struct RedisStore {
    client: Client,
    notifier: Notifier,
    /// `PUBLISH`, or in a cluster `SPUBLISH`, which reaches only the nodes of the channel's slot.
    publish_command: &'static str,
    ttl_milliseconds: u128,
    max_conversation_length: usize,
    has_queue: bool,
    /// Whether Redis refused to publish the last write's event. Then nobody can follow.
    publish_refused: Arc<AtomicBool>,
}

impl RedisStore {
    /// Connects. A Redis that does not answer is logged and is no error: requests end in
    /// [`StoreUnavailable`](Error::StoreUnavailable) until it answers.
    pub async fn connect(redis: &RedisConfig, config: &Config) -> Self {
        // rustls leaves the choice of its cryptography to the program. Setting it twice fails, and
        // changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (requests, received) = mpsc::unbounded_channel();
        let notifier = Notifier::new(Some(requests));
        let topology = Topology::new(redis);
        tokio::spawn(Subscriber::run(topology.clone(), notifier.topics().clone(), received));
        let client = Client::new(&topology);
        // The first request need not wait for a connection that is opened now.
        if let Err(error) = client.open().await {
            tracing::error!(%redis, error = loggable(&error), "Redis cannot be used yet");
        }
        Self {
            client,
            notifier,
            publish_command: if redis.cluster { "SPUBLISH" } else { "PUBLISH" },
            ttl_milliseconds: config.conversation_ttl.as_millis(),
            max_conversation_length: config.max_conversation_length(),
            has_queue: config.queue,
            publish_refused: Arc::default(),
        }
    }

    pub(super) fn subscribe(&self, id: &ConversationId) -> Subscription {
        self.notifier.subscribe(id)
    }

    pub(super) fn statistics(&self) -> StoreStatistics {
        self.client.topology.statistics.now()
    }

    pub(super) fn end_following(&self) {
        self.notifier.close();
    }

    pub(super) fn has_ended_following(&self) -> bool {
        self.notifier.is_closed()
    }
}

/// The error of an operation that failed on the way to Redis, or for which Redis is not set up. It
/// was done wholly or not at all.
fn unavailable(error: RedisError) -> Error {
    Error::StoreUnavailable(loggable(&error).into())
}
