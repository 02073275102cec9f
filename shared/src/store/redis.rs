//! Conversations in Redis.
//!
//! A conversation is one key, and where sends are remembered by their `Idempotency-Key` another,
//! see `redis/keys.rs`. Writing what is there already is a Lua script: atomic, in one round trip.
//! Reading takes plain commands, which cost Redis half of what a script does, and pieces, so that a
//! long conversation never fills Redis's output buffers. Who follows is told on a channel, see
//! `redis/subscriber.rs`.
//!
//! - `topology.rs`: the servers there are, and which of them serves which conversation.
//! - `client.rs`: the connections for commands, and the deadline of each operation; `retry.rs`:
//!   when to try again; `connection.rs`: one connection.
//! - `script.rs`, `scripts/`: the scripts; `write.rs`: what runs them.
//! - `read.rs`: reading, in trips of `trips.rs`.
//! - `subscriber.rs`: the connections for subscriptions.

mod client;
mod connection;
mod keys;
mod read;
mod reply;
mod retry;
mod script;
mod server;
mod subscriber;
mod topology;
mod trips;
mod write;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::mpsc;

use super::notifier::{Notifier, Subscription};
use crate::config::{Config, RedisConfig};
use crate::domain::conversation::ConversationId;
use client::Client;
use subscriber::Subscriber;
use topology::Topology;

/// A Redis server or cluster, reached over one connection to each server that all requests share,
/// and others for what is followed. Cloning it shares it.
#[derive(Clone, Debug)]
pub struct RedisStore {
    client: Client,
    notifier: Notifier,
    publish: &'static str,
    ttl_milliseconds: u128,
    max_conversation_length: usize,
    /// Whether the last write could not be published. That is logged once, and nobody can follow.
    publish_refused: Arc<AtomicBool>,
}

impl RedisStore {
    /// Connects. A Redis that does not answer is no error: it is logged, and requests end in
    /// [`StoreUnavailable`](crate::error::Error::StoreUnavailable) until it does.
    pub async fn connect(redis: &RedisConfig, config: &Config) -> Self {
        // rustls leaves the choice of its cryptography to the program; a choice made twice is one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (changes, changed) = mpsc::unbounded_channel();
        let notifier = Notifier::new(Some(changes));
        let topology = Topology::new(redis);
        tokio::spawn(Subscriber::run(topology.clone(), notifier.downgrade(), changed));
        let client = Client::new(&topology);
        // Connecting now saves the first request from waiting for it.
        if let Err(error) = client.open().await {
            tracing::error!(%redis, %error, "Redis cannot be used yet");
        }
        Self {
            client,
            notifier,
            // In a cluster, only the nodes of the conversation's slot are told.
            publish: if redis.cluster { "SPUBLISH" } else { "PUBLISH" },
            ttl_milliseconds: config.conversation_ttl.as_millis(),
            max_conversation_length: config.max_conversation_length(),
            publish_refused: Arc::default(),
        }
    }

    pub(super) fn subscribe(&self, id: &ConversationId) -> Subscription {
        self.notifier.subscribe(id)
    }

    pub(super) fn end_following(&self) {
        self.notifier.end();
    }
}
