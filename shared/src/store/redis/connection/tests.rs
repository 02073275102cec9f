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
    let redis =
        FakeRedis::start(move |_| replies.lock().unwrap().next().unwrap_or_default().to_owned());
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
    let timed_out: RedisResult<()> = Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into());
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
