//! The connections for commands, one to each server, which all requests share; and how they are
//! kept.
//!
//! One is opened when it is first needed, and opened anew once it is found broken: cut, silent for
//! too long, or leading to what is no longer a primary. A request that meets a broken connection
//! is tried again on a new one; the scripts tell a later attempt from a second send.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use parking_lot::Mutex;
use redis::{ErrorKind, RedisError, RedisResult, Value};
use tokio::time::{Instant, timeout_at};

use super::connection::{Connection, Request};
use super::retry::{Attempt, Retry};
use super::topology::{NodeId, Topology};
use crate::domain::conversation::ConversationId;

/// How long an operation may take in all, however many trips and attempts it makes: requests are
/// answered within three seconds.
pub(super) const OPERATION_TIMEOUT: Duration = Duration::from_millis(2500);

/// Cloning it shares it.
#[derive(Clone, Debug)]
pub(super) struct Client {
    topology: Arc<Topology>,
    connections: Arc<Mutex<HashMap<NodeId, Opening>>>,
}

/// A connection that is open, is being opened, or could not be opened.
type Opening = Shared<BoxFuture<'static, RedisResult<Connection>>>;

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

    /// Begins an operation on a conversation, whose time runs from now on.
    pub(super) fn operation<'a>(&'a self, id: &'a ConversationId) -> Operation<'a> {
        let begun = Instant::now();
        Operation { client: self, id, begun, attempt: Attempt::First, was_redirected: false }
    }

    /// Nothing is opened before somebody waits for it.
    fn opening(&self, node: NodeId) -> Opening {
        let open = || {
            let topology = self.topology.clone();
            async move { Connection::open(&topology, node).await }.boxed().shared()
        };
        self.connections.lock().entry(node).or_insert_with(open).clone()
    }

    /// Has another connection opened, unless somebody else who found this one broken has done so.
    fn close(&self, node: NodeId, broken: &Opening) {
        let mut connections = self.connections.lock();
        if connections.get(&node).is_some_and(|current| current.ptr_eq(broken)) {
            connections.remove(&node);
            self.topology.forget(node);
        }
    }
}

/// What is done for one request, in one trip or several, before one deadline.
pub(super) struct Operation<'a> {
    client: &'a Client,
    id: &'a ConversationId,
    begun: Instant,
    attempt: Attempt,
    /// Whether a node answered that does not serve the conversation yet.
    pub(super) was_redirected: bool,
}

impl Operation<'_> {
    /// Runs commands, again where an attempt fails on the way or comes too early.
    ///
    /// `parse` tells what may be the replies from what cannot be, with which it ends the connection.
    pub(super) async fn run<T>(
        &mut self,
        request: impl Fn(Attempt) -> Request,
        parse: impl Fn(Vec<Value>) -> Option<T>,
    ) -> RedisResult<T> {
        let Self { client, id, begun, attempt, was_redirected } = self;
        let mut retry = Retry::new(*attempt);
        let attempts = async {
            loop {
                let redirect = retry.redirect.take();
                let node = redirect.unwrap_or_else(|| client.topology.node_of(id));
                let opening = client.opening(node);
                let result = match opening.clone().await {
                    Ok(connection) => {
                        let request = request(retry.attempt);
                        let result = connection.run(request, redirect.is_some(), &parse).await;
                        // What a server did not refuse it may have done.
                        if result.as_ref().is_err_and(|error| !is_refusal(error)) {
                            retry.attempt = Attempt::Later(*begun);
                        }
                        if connection.is_broken_by(&result) {
                            client.close(node, &opening);
                        }
                        *was_redirected |= redirect.is_some();
                        result
                    }
                    Err(error) => {
                        client.close(node, &opening);
                        Err(error)
                    }
                };
                match result {
                    Err(error) => retry.wait_after(error, node, id, &client.topology).await?,
                    parsed => return parsed,
                }
            }
        };
        let result = timeout_at(*begun + OPERATION_TIMEOUT, attempts).await;
        *attempt = retry.attempt;
        result.unwrap_or_else(|_| Err(too_late()))
    }
}

/// Whether a server has answered that it did nothing.
fn is_refusal(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension)
}

fn too_late() -> RedisError {
    io::Error::new(io::ErrorKind::TimedOut, "Redis took too long").into()
}
