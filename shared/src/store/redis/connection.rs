//! An open connection for commands to one server.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{Cmd, ErrorKind, Pipeline, RedisError, RedisResult, ServerErrorKind, Value};

use super::command::{Command, Request};
use super::retry::Attempt;
use super::server::{self, RESPONSE_TIMEOUT};
use super::topology::{NodeId, Topology};
use crate::domain::conversation::ConversationId;

/// Cloning it shares it.
#[derive(Clone)]
pub(super) struct Connection {
    server: MultiplexedConnection,
    health: Arc<Health>,
}

struct Health {
    opened: Instant,
    /// When the last reply came, in milliseconds since the connection was opened.
    last_reply: AtomicU64,
    /// Whether a reply did not belong to its request. From then on no reply can be trusted.
    is_out_of_step: AtomicBool,
    /// Whether a new connection is being opened in its place.
    is_being_replaced: AtomicBool,
}

impl Connection {
    /// Opens a connection. In a cluster, also learns from the node where the slots are.
    pub(super) async fn open(topology: &Topology, node: NodeId) -> RedisResult<Self> {
        let redis = &topology.redis;
        let server = server::open_for_commands(redis, topology.address(node)).await?;
        topology.statistics.command_connection_opened();
        if redis.cluster {
            let mut slots = redis::cmd("CLUSTER");
            slots.arg("SLOTS");
            // A user who may not run this learns each slot's node from a refusal (`MOVED`).
            if let Ok(slots) = server.clone().send_packed_command(&slots).await {
                topology.record_slots(node, &slots);
            }
        }
        let health = Health {
            opened: Instant::now(),
            last_reply: AtomicU64::new(0),
            is_out_of_step: AtomicBool::new(false),
            is_being_replaced: AtomicBool::new(false),
        };
        Ok(Self { server, health: Arc::new(health) })
    }

    /// Sends a command and reads its replies. `asking` sends `ASKING` before it, which a node
    /// requires that a slot is only being moved to.
    ///
    /// Fails where the replies, or earlier ones on this connection, did not belong to their command.
    pub(super) async fn run<C: Command>(
        &self,
        command: &C,
        id: &ConversationId,
        attempt: Attempt,
        asking: bool,
    ) -> RedisResult<C::Reply> {
        let mut server = self.server.clone();
        let replies = match command.request(id, attempt) {
            request if asking => send_asking(&mut server, request).await?,
            Request::Command(command) => vec![server.send_packed_command(&command).await?],
            Request::Pipeline(commands) => {
                server.send_packed_commands(&commands, 0, commands.len()).await?
            }
        };
        let replies = replies.into_iter().map(Value::extract_error);
        let reply = command.parse(id, replies.collect::<RedisResult<_>>()?);
        match reply {
            Some(reply) if !self.health.is_out_of_step.load(Relaxed) => Ok(reply),
            _ => {
                self.health.is_out_of_step.store(true, Relaxed);
                Err(unexpected_reply())
            }
        }
    }

    /// Returns whether the connection is too old and is not being replaced yet. The caller then has
    /// to replace it.
    pub(super) fn take_replacement(&self, max_age: Duration) -> bool {
        self.health.opened.elapsed() >= max_age
            && !self.health.is_being_replaced.swap(true, Relaxed)
    }

    /// Notes how a command ended, and returns whether the connection has to be replaced.
    ///
    /// A timeout alone may be one slow command; without any reply for as long, the server is
    /// probably gone. A server that refuses writes (`READONLY`) is no longer the primary.
    pub(super) fn is_broken_by<T>(&self, result: &RedisResult<T>) -> bool {
        match result {
            Err(_) if self.health.is_out_of_step.load(Relaxed) => true,
            Err(error) if error.is_timeout() => self.health.silence() >= RESPONSE_TIMEOUT,
            Err(error) if error.is_unrecoverable_error() || error.is_io_error() => true,
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly) => true,
            _ => {
                self.health.note_reply();
                false
            }
        }
    }
}

impl Health {
    fn note_reply(&self) {
        self.last_reply.store(self.opened.elapsed().as_millis() as u64, Relaxed);
    }

    /// How long ago the last reply came.
    fn silence(&self) -> Duration {
        let last_reply = Duration::from_millis(self.last_reply.load(Relaxed));
        self.opened.elapsed().saturating_sub(last_reply)
    }
}

/// The error for a reply that does not belong to its command. It holds nothing of the reply, which
/// may be a message's content.
pub(super) fn unexpected_reply() -> RedisError {
    (ErrorKind::Parse, "the reply does not belong to the command").into()
}

/// Sends each command after an `ASKING`, and drops the replies to those.
async fn send_asking(
    server: &mut MultiplexedConnection,
    request: Request,
) -> RedisResult<Vec<Value>> {
    let commands: Vec<Cmd> = match request {
        Request::Command(command) => vec![command],
        Request::Pipeline(commands) => commands.cmd_iter().cloned().collect(),
    };
    let mut asking = Pipeline::with_capacity(2 * commands.len());
    for command in commands {
        asking.cmd("ASKING").add_command(command);
    }
    let replies = server.send_packed_commands(&asking, 0, asking.len()).await?;
    Ok(replies.into_iter().skip(1).step_by(2).collect())
}

#[cfg(test)]
mod tests;
