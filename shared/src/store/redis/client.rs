//! The connections for commands: one to each server, which all requests share.
//!
//! A connection is opened when it is first needed. It is replaced once it is found broken: cut,
//! silent for too long, or leading to a server that is no longer a primary. The request that found
//! it broken is retried on the new one; the scripts tell a retry from a second send.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use parking_lot::Mutex;
use redis::RedisResult;

use super::connection::Connection;
use super::operation::Operation;
use super::topology::{NodeId, Topology};
use crate::domain::conversation::ConversationId;

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

    /// Starts an operation on a conversation.
    pub(super) fn operation<'a>(&'a self, id: &'a ConversationId) -> Operation<'a> {
        Operation::new(self, id)
    }

    /// Returns the connection to a node, which is not opened before it is awaited.
    pub(super) fn opening(&self, node: NodeId) -> Opening {
        let open = || {
            let topology = self.topology.clone();
            async move { Connection::open(&topology, node).await }.boxed().shared()
        };
        self.connections.lock().entry(node).or_insert_with(open).clone()
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
