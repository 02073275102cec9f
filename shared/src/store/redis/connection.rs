//! An open connection for commands to one server.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{Cmd, ErrorKind};
use redis::{Pipeline, RedisError, RedisResult, ServerErrorKind, Value};

use super::command::{Command, Request};
use super::retry::Attempt;
use super::server;
use super::topology::{NodeId, Topology};
use crate::domain::conversation::ConversationId;

/// How long opening a connection may take, and how long a reply.
pub(super) const RESPONSE_TIMEOUT: Duration = Duration::from_secs(1);

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
}

impl Connection {
    /// Opens a connection. In a cluster, also learns from the node where the slots are.
    pub(super) async fn open(topology: &Topology, node: NodeId) -> RedisResult<Self> {
        let redis = &topology.redis;
        let server = server::open_for_commands(redis, topology.address(node)).await?;
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
mod tests {
    use std::sync::Mutex;

    use testing::fake_redis::FakeRedis;

    use super::*;
    use crate::config::Config;
    use crate::store::redis::command::exactly;

    /// `STRLEN` twice, of which each reply must be a number.
    struct TwoLengths;

    impl Command for TwoLengths {
        type Reply = (i64, i64);

        fn request(&self, id: &ConversationId, _: Attempt) -> Request {
            let strlen = || redis::cmd("STRLEN").arg(id.to_string()).clone();
            Request::pipeline([strlen(), strlen()])
        }

        fn parse(&self, _: &ConversationId, replies: Vec<Value>) -> Option<(i64, i64)> {
            let [Value::Int(first), Value::Int(second)] = exactly(replies)? else { return None };
            Some((first, second))
        }
    }

    async fn open(url: &str, cluster: bool) -> (Connection, Arc<Topology>) {
        let config = Config::from_variables(|name| match name {
            "REDIS_URL" => Some(url.to_owned()),
            "REDIS_CLUSTER" => Some(cluster.to_string()),
            _ => None,
        });
        let topology = Topology::new(&config.unwrap().redis.unwrap());
        let node = topology.node_of(&ConversationId::random());
        (Connection::open(&topology, node).await.unwrap(), topology)
    }

    async fn run(connection: &Connection, asking: bool) -> RedisResult<(i64, i64)> {
        connection.run(&TwoLengths, &ConversationId::random(), Attempt::First, asking).await
    }

    /// A connection to a server that replies with these to successive commands.
    async fn replied_with(replies: &'static [&'static str]) -> Connection {
        let replies = Mutex::new(replies.iter().copied());
        let redis = FakeRedis::start(move |_| {
            replies.lock().unwrap().next().unwrap_or_default().to_owned()
        });
        open(&redis.await.url(), false).await.0
    }

    #[tokio::test]
    async fn replies_are_read_in_their_order() {
        let connection = replied_with(&[":1\r\n", ":2\r\n"]).await;
        let result = run(&connection, false).await;
        assert!(!connection.is_broken_by(&result));
        assert_eq!(result.unwrap(), (1, 2));
    }

    #[tokio::test]
    async fn a_reply_of_another_command_breaks_the_connection_and_no_later_one_is_believed() {
        let connection = replied_with(&[":1\r\n", "$6\r\nsecret\r\n", ":3\r\n", ":4\r\n"]).await;
        for _ in 0..2 {
            let result = run(&connection, false).await;
            assert!(connection.is_broken_by(&result));
            let error = result.unwrap_err().to_string();
            assert!(error.contains("does not belong") && !error.contains("secret"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_refusal_breaks_no_connection_but_that_to_a_replica_does() {
        let wrong_type = replied_with(&[":1\r\n", "-WRONGTYPE no\r\n"]).await;
        let read_only = replied_with(&[":1\r\n", "-READONLY no\r\n"]).await;
        for (connection, is_broken) in [(wrong_type, false), (read_only, true)] {
            let result = run(&connection, false).await;
            assert!(result.is_err());
            assert_eq!(connection.is_broken_by(&result), is_broken, "{result:?}");
        }
    }

    #[tokio::test]
    async fn a_timeout_breaks_the_connection_only_after_as_long_a_silence() {
        let mut connection = replied_with(&[]).await;
        let timed_out: RedisResult<()> =
            Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into());
        let long_ago = Instant::now().checked_sub(2 * RESPONSE_TIMEOUT).unwrap();
        // A reply that came just now, and none since the connection was opened.
        for (last_reply, is_broken) in [(u64::MAX, false), (0, true)] {
            let health = Arc::get_mut(&mut connection.health).unwrap();
            (health.opened, health.last_reply) = (long_ago, AtomicU64::new(last_reply));
            assert_eq!(connection.is_broken_by(&timed_out), is_broken, "{last_reply}");
        }
        assert!(!connection.is_broken_by(&Ok(())));
        let noted = Duration::from_millis(connection.health.last_reply.load(Relaxed));
        assert!(noted >= 2 * RESPONSE_TIMEOUT, "a reply was noted: {noted:?}");
    }

    #[tokio::test]
    async fn asking_goes_before_each_command_and_its_replies_are_left_out() {
        let commands = Arc::new(Mutex::new(Vec::new()));
        let received = commands.clone();
        let redis = FakeRedis::start(move |words| {
            received.lock().unwrap().push(words[0].clone());
            if words[0] == "ASKING" { "+OK\r\n".to_owned() } else { ":7\r\n".to_owned() }
        });
        let (connection, _) = open(&redis.await.url(), false).await;
        assert_eq!(run(&connection, true).await.unwrap(), (7, 7));
        assert_eq!(*commands.lock().unwrap(), ["ASKING", "STRLEN", "ASKING", "STRLEN"]);
    }

    #[tokio::test]
    async fn a_node_of_a_cluster_is_asked_for_the_slots_when_a_connection_is_opened() {
        const SLOTS: &str = "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$0\r\n\r\n:7009\r\n";
        let redis = FakeRedis::start(|words| {
            assert_eq!(words, ["CLUSTER", "SLOTS"]);
            SLOTS.to_owned()
        });
        let (_, topology) = open(&redis.await.url(), true).await;
        let node = topology.node_of(&ConversationId::random());
        assert_eq!(topology.address(node).addr().to_string(), "127.0.0.1:7009");
    }
}
