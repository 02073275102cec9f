//! The connections for commands: one to each server, which all requests share.
//!
//! A connection is opened when it is first needed. It is replaced once it is found broken: cut,
//! silent for too long, or leading to a server that is no longer a primary. The request that found
//! it broken is retried on the new one; the scripts tell a retry from a second send.
//!
//! A connection that has become old is replaced too, before the server ends it. Requests go on over
//! it until the new one is open.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use parking_lot::Mutex;
use redis::RedisResult;
use tokio::time::sleep;

use super::connection::Connection;
use super::loggable::loggable;
use super::topology::{NodeId, Topology};
use crate::domain::conversation::ConversationId;

/// How often the replacement of an old connection is attempted before it is twice as old, when
/// ElastiCache ends it.
pub(super) const REPLACEMENT_ATTEMPTS: u32 = 100;

/// Cloning it shares it.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) topology: Arc<Topology>,
    connections: Arc<Mutex<HashMap<NodeId, Opening>>>,
}

/// A connection that is open, is being opened, or could not be opened.
pub(super) type Opening = Shared<BoxFuture<'static, RedisResult<Connection>>>;

impl Client {
    pub(super) fn new(topology: &Arc<Topology>) -> Self {
        Self { topology: topology.clone(), connections: Arc::default() }
    }

    /// Opens a connection, so that the first request need not wait for it.
    pub(super) async fn open(&self) -> RedisResult<()> {
        let node = self.topology.node_of(&ConversationId::random());
        let opening = self.opening(node);
        let result = opening.clone().await;
        result.map(drop).inspect_err(|_| self.close(node, &opening))
    }

    /// Returns the connection to a node, which is not opened before it is awaited.
    pub(super) fn opening(&self, node: NodeId) -> Opening {
        let opening =
            self.connections.lock().entry(node).or_insert_with(|| self.connect(node)).clone();
        let max_age = self.topology.redis.max_connection_age;
        if let Some(Ok(connection)) = opening.peek()
            && connection.take_replacement(max_age)
        {
            tokio::spawn(self.clone().replace(node, opening.clone()));
        }
        opening
    }

    fn connect(&self, node: NodeId) -> Opening {
        let topology = self.topology.clone();
        async move { Connection::open(&topology, node).await }.boxed().shared()
    }

    /// Opens a connection in an old one's place. Tries until it can, or until the old one is broken.
    async fn replace(self, node: NodeId, old: Opening) {
        let mut was_refused = false;
        loop {
            let new = self.connect(node);
            let result = new.clone().await;
            match self.connections.lock().get_mut(&node) {
                Some(current) if current.ptr_eq(&old) => {
                    let Err(error) = result else {
                        *current = new;
                        return;
                    };
                    if !std::mem::replace(&mut was_refused, true) {
                        tracing::warn!(
                            error = loggable(&error),
                            "an old connection to Redis cannot be replaced yet"
                        );
                    }
                }
                _ => return,
            }
            sleep(self.topology.redis.max_connection_age / REPLACEMENT_ATTEMPTS).await;
        }
    }

    /// Drops a broken connection, so that the next request opens another. Does nothing where
    /// another request has replaced it already.
    pub(super) fn close(&self, node: NodeId, broken: &Opening) {
        let mut connections = self.connections.lock();
        if connections.get(&node).is_some_and(|current| current.ptr_eq(broken)) {
            connections.remove(&node);
            self.topology.forget_slots_of(node);
        }
    }
}

#[cfg(test)]
mod tests;
