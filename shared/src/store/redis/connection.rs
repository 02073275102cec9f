//! An open connection for commands to one server.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{Cmd, ErrorKind, Pipeline, RedisResult, ServerErrorKind, Value};

use super::server;
use super::topology::{NodeId, Topology};

/// How long opening may take, and how long a reply.
pub(super) const RESPONSE_TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub(super) struct Connection {
    server: MultiplexedConnection,
    health: Arc<Health>,
}

/// What is sent in one trip.
pub(super) enum Request {
    Command(Cmd),
    /// Commands that only read.
    Commands(Pipeline),
}

/// What is known of a connection.
struct Health {
    opened: Instant,
    /// When it last brought a reply, counted from its opening.
    replied_milliseconds: AtomicU64,
    /// Whether it brought what nobody had asked for. Then nothing it brings can be believed.
    is_confused: AtomicBool,
}

impl Connection {
    /// Opens a connection, and in a cluster asks where the slots are.
    pub(super) async fn open(topology: &Topology, node: NodeId) -> RedisResult<Self> {
        let redis = &topology.redis;
        let server = server::open_for_commands(redis, topology.address(node)).await?;
        if redis.cluster {
            let mut slots = redis::cmd("CLUSTER");
            slots.arg("SLOTS");
            // Who may not ask is told by each node what it does not serve.
            if let Ok(slots) = server.clone().send_packed_command(&slots).await {
                topology.learn(node, &slots);
            }
        }
        let health = Health {
            opened: Instant::now(),
            replied_milliseconds: AtomicU64::new(0),
            is_confused: AtomicBool::new(false),
        };
        Ok(Self { server, health: Arc::new(health) })
    }

    /// Sends a request and parses its replies; `asking` where the server answers only those who say
    /// that they have been sent there.
    ///
    /// Fails where a reply is none to what was asked, or another was none, because then replies have
    /// come to requests that they do not belong to.
    pub(super) async fn run<T>(
        &self,
        request: Request,
        asking: bool,
        parse: impl Fn(Vec<Value>) -> Option<T>,
    ) -> RedisResult<T> {
        let mut server = self.server.clone();
        let replies = match request {
            _ if asking => run_asking(&mut server, request).await?,
            Request::Command(command) => vec![server.send_packed_command(&command).await?],
            Request::Commands(commands) => {
                server.send_packed_commands(&commands, 0, commands.len()).await?
            }
        };
        let replies = replies.into_iter().map(Value::extract_error);
        let parsed = parse(replies.collect::<RedisResult<_>>()?);
        match parsed {
            Some(parsed) if !self.health.is_confused.load(Relaxed) => Ok(parsed),
            _ => {
                self.health.is_confused.store(true, Relaxed);
                // Nothing of the reply itself, which may hold a message's content.
                Err((ErrorKind::Parse, "not the reply to what was asked").into())
            }
        }
    }

    /// Notes how something ended; tells whether the connection is broken, so that all will end so.
    ///
    /// One on which all are silent may lead to a server that is gone. A server that may not be
    /// written to (`READONLY`) is a primary no more.
    pub(super) fn is_broken_by<T>(&self, result: &RedisResult<T>) -> bool {
        match result {
            Err(_) if self.health.is_confused.load(Relaxed) => true,
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
        self.replied_milliseconds.store(self.opened.elapsed().as_millis() as u64, Relaxed);
    }

    fn silence(&self) -> Duration {
        let last = Duration::from_millis(self.replied_milliseconds.load(Relaxed));
        self.opened.elapsed().saturating_sub(last)
    }
}

/// Sends each command after an `ASKING`, whose reply says nothing.
async fn run_asking(
    server: &mut MultiplexedConnection,
    request: Request,
) -> RedisResult<Vec<Value>> {
    let commands = match request {
        Request::Command(command) => vec![command],
        Request::Commands(commands) => commands.cmd_iter().cloned().collect(),
    };
    let mut asking = Pipeline::with_capacity(2 * commands.len());
    for command in commands {
        asking.cmd("ASKING").add_command(command);
    }
    let replies = server.send_packed_commands(&asking, 0, asking.len()).await?;
    Ok(replies.into_iter().skip(1).step_by(2).collect())
}
