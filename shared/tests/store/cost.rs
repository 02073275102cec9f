//! What operations cost Redis, and how little that depends on how long a conversation is.

use crate::conversing::{
    append_messages, contents, create, open, pending, read, send, through_a_proxy,
};
use shared::domain::conversation::ConversationId;
use shared::domain::message_id::MessageId;
use shared::store::{Sent, Store};
use testing::proxy::{Fault, Proxy};
use testing::redis::RedisServer;
use tokio::task::JoinSet;

const SHORT: usize = 10;
const LONG: usize = 20_000;
/// How often each cost is measured.
const TIMES: usize = 25;

/// Microseconds that Redis spent on scripts in one operation.
async fn cost<T>(redis: &RedisServer, operation: impl Future<Output = T>) -> f64 {
    redis.command(&["CONFIG", "RESETSTAT"]);
    operation.await;
    let stats = redis.command(&["INFO", "commandstats"]);
    let scripts = stats.lines().filter(|line| line.starts_with("cmdstat_eval"));
    let microseconds = scripts.map(|line| {
        let microseconds = line.split("usec=").nth(1).unwrap().split(',').next().unwrap();
        microseconds.parse::<f64>().unwrap()
    });
    microseconds.sum()
}

fn median(mut costs: Vec<f64>) -> f64 {
    costs.sort_by(f64::total_cmp);
    costs[costs.len() / 2]
}

/// Holds the medians to be level, as far as a busy machine can tell.
fn assert_level(what: &str, costs: [Vec<f64>; 2]) {
    let [short, long] = costs.map(median);
    assert!(long <= 3.0 * short + 20.0, "{what}: {short} us in a short one, {long} in a long one");
}

async fn conversations(store: &Store, url: &str) -> [(ConversationId, Vec<MessageId>); 2] {
    let mut made = Vec::new();
    for length in [SHORT + 2 * TIMES, LONG] {
        let id = create(store).await;
        made.push((id, append_messages(url, &id, length)));
    }
    made.try_into().unwrap()
}

#[tokio::test]
async fn deleting_costs_the_same_in_a_long_conversation_as_in_a_short_one() {
    let redis = RedisServer::start();
    let store = open(&[("REDIS_URL", &redis.url())]).await;
    let made = conversations(&store, &redis.url()).await;
    let of_message = |which: &str, messages: &[MessageId], time: usize| match which {
        "the first" => messages[time],
        "the last" => messages[messages.len() - 1 - time],
        _ => MessageId::next(),
    };
    for which in ["the first", "the last", "an unknown one", "a random UUID"] {
        let mut costs = [Vec::new(), Vec::new()];
        for time in 0..TIMES {
            for ((id, messages), costs) in made.iter().zip(&mut costs) {
                let message = match which {
                    "a random UUID" => ConversationId::random().to_string().parse().unwrap(),
                    _ => of_message(which, messages, time),
                };
                let deleted = async {
                    let found = store.delete(id, &message, None).await.is_ok();
                    assert_eq!(found, which.starts_with("the "), "{which}");
                };
                costs.push(cost(&redis, deleted).await);
            }
        }
        assert_level(which, costs);
    }
}

/// A store behind a proxy that can be made to fail, and a short and a long conversation in it.
struct Faulty {
    redis: RedisServer,
    proxy: Proxy,
    store: Store,
    made: [(ConversationId, Vec<MessageId>); 2],
}

impl Faulty {
    async fn start() -> Self {
        let (redis, proxy, store) = through_a_proxy().await;
        let made = conversations(&store, &redis.url()).await;
        Self { redis, proxy, store, made }
    }
}

#[tokio::test]
async fn a_later_attempt_of_a_send_costs_the_same_in_a_long_conversation_as_in_a_short_one() {
    let Faulty { redis, proxy, store, made } = Faulty::start().await;
    let mut costs = [Vec::new(), Vec::new()];
    for _ in 0..TIMES {
        for ((id, _), costs) in made.iter().zip(&mut costs) {
            proxy.fail(Fault::LoseAnswer);
            costs.push(cost(&redis, async { send(&store, id, "once").await }).await);
            assert!(proxy.has_failed());
        }
    }
    assert_level("a later attempt", costs);
    for (id, messages) in &made {
        assert_eq!(contents(&store, id).await.len(), messages.len() + TIMES);
    }
}

#[tokio::test]
async fn a_later_attempt_whose_first_never_arrived_costs_the_same_in_a_long_conversation() {
    let Faulty { redis, proxy, store, made } = Faulty::start().await;
    let mut costs = [Vec::new(), Vec::new()];
    for _ in 0..3 {
        for ((id, _), costs) in made.iter().zip(&mut costs) {
            // The first is kept back for good, and the next goes over another connection.
            proxy.fail(Fault::HoldRequests);
            costs.push(cost(&redis, async { send(&store, id, "once").await }).await);
        }
    }
    assert_level("a later attempt alone", costs);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_readers_of_long_conversations_are_all_answered_and_fill_no_buffers_of_redis() {
    const READERS: usize = 32;
    const MEBIBYTE: u64 = 1024 * 1024;
    let redis = RedisServer::start();
    let store = open(&[("REDIS_URL", &redis.url())]).await;
    let id = create(&store).await;
    // Just below 4 MiB.
    append_messages(&redis.url(), &id, 33_000);
    let length = read(&store, &id).await.len() as u64;
    assert!(length > 3 * MEBIBYTE, "{length} bytes");

    let memory = |field: &str| -> u64 {
        let info = redis.command(&["INFO", "memory"]);
        let line = info.lines().find_map(|line| line.strip_prefix(&format!("{field}:")));
        line.unwrap().trim().parse().unwrap()
    };
    let peak = memory("used_memory_peak").max(memory("used_memory"));
    let mut readers = JoinSet::new();
    for _ in 0..READERS {
        let store = store.clone();
        readers.spawn(async move { read(&store, &id).await.len() as u64 });
    }
    assert!(readers.join_all().await.iter().all(|read| *read == length));
    let grown = memory("used_memory_peak").saturating_sub(peak);
    assert!(grown <= READERS as u64 * MEBIBYTE / 2, "{grown} bytes for {READERS} readers");
}

#[tokio::test]
async fn remembered_sends_do_not_outgrow_the_messages() {
    let redis = RedisServer::start();
    let store = open(&[("REDIS_URL", &redis.url())]).await;
    let id = create(&store).await;
    for number in 0..300 {
        let key = format!("{number:k>255}");
        let sent = store.send(&id, &pending(&id, "x", Some(&key))).await.unwrap();
        assert!(matches!(sent, Sent::Added(_)));
    }
    let usage = |key: &str| -> u64 {
        let key = format!("chat:2:{{{id}}}:{key}");
        let usage = redis.command(&["MEMORY", "USAGE", &key, "SAMPLES", "0"]);
        usage.trim_start_matches(':').trim().parse().unwrap()
    };
    let (log, sends) = (usage("log"), usage("sends"));
    assert!(sends < log, "{sends} bytes for the sends, {log} for the log");
}
