//! Mixed load while Redis and the way to it fail, against a record of what was acknowledged.
//!
//! The short form runs with the other tests. The long one:
//!
//! ```sh
//! PARLEY_LOAD_SECONDS=600 cargo test --test load -- --nocapture
//! ```
#![allow(clippy::expect_used, clippy::panic)]

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use testing::api::{Answer, Api};
use testing::events::EventSource;
use testing::proxy::{Fault, Proxy};
use testing::redis::RedisServer;
use testing::router::Router;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

const WRITERS: usize = 16;
const CONVERSATIONS: usize = 4;
/// Seconds of the short form.
const SHORT: u64 = 8;
/// Seconds after which fresh conversations are begun, before these are full.
const LONGEST_ROUND: u64 = 60;
/// How long a fault lasts, and how long it then goes well.
const A_MOMENT: Duration = Duration::from_millis(300);
/// Far longer than anything awaited takes, so that only what never happens runs into it.
const PATIENCE: Duration = Duration::from_secs(60);

/// What one writer was acknowledged: contents that must be there, and contents that must not.
#[derive(Default)]
struct Record {
    kept: HashSet<String>,
    deleted: HashSet<String>,
}

#[derive(Default)]
struct Counts {
    acknowledged: AtomicU64,
    unavailable: AtomicU64,
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_or_doubled_while_redis_fails_and_keeps_its_data() {
    let seconds = std::env::var("PARLEY_LOAD_SECONDS").ok();
    let seconds = seconds.map_or(SHORT, |text| text.parse().expect("a number of seconds"));
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path().to_string_lossy();
    // Every write reaches the file before it is answered: a killed Redis comes back with it.
    let durable = ["--appendonly", "yes", "--appendfsync", "always", "--dir", &directory];
    let mut redis = RedisServer::start_with(&durable);
    let proxy = Proxy::to(redis.port()).await;
    let router = Router::start(env!("CARGO_BIN_EXE_local"), Some(&proxy.url()), &[]);
    let api = Api::at(&router.url);

    let rounds = (seconds / LONGEST_ROUND).max(2);
    let counts = Arc::new(Counts::default());
    let mut footprints = Vec::new();
    for _ in 0..rounds {
        let length = Duration::from_secs(seconds) / rounds as u32;
        round(&api, &mut redis, &proxy, length, &counts).await;
        footprints.push((router.process.resident(), router.process.descriptors()));
    }
    let acknowledged = counts.acknowledged.load(Ordering::SeqCst);
    let unavailable = counts.unavailable.load(Ordering::SeqCst);
    println!("{seconds} s: {acknowledged} acknowledged, {unavailable} times 503");
    println!("KiB and descriptors after each round: {footprints:?}");
    let (first, last) = (footprints[0], footprints[footprints.len() - 1]);
    assert!(last.0 < first.0 + 16 * 1024, "memory grows: {footprints:?}");
    assert!(last.1 <= first.1 + 8, "descriptors grow: {footprints:?}");
}

/// Writes to fresh conversations and follows them through faults, then holds what is there, and
/// what was seen, against the record.
async fn round(
    api: &Api,
    redis: &mut RedisServer,
    proxy: &Proxy,
    length: Duration,
    counts: &Arc<Counts>,
) {
    let mut conversations = Vec::new();
    for _ in 0..CONVERSATIONS {
        conversations.push(api.create().await);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        let (api, stop, counts) = (api.clone(), stop.clone(), counts.clone());
        let conversation = conversations[number % CONVERSATIONS].clone();
        writers.spawn(async move {
            let record = write(&api, &conversation, number, &stop, &counts).await;
            (conversation, record)
        });
    }
    let mut followers = JoinSet::new();
    for conversation in &conversations {
        let source = EventSource::new(api, conversation);
        followers.spawn(follow(source, conversation.clone()));
    }

    let end = Instant::now() + length;
    while Instant::now() < end {
        fail(redis, proxy).await;
        sleep(A_MOMENT).await;
    }
    stop.store(true, Ordering::SeqCst);
    let records = timeout(PATIENCE, writers.join_all()).await.expect("the writers end");
    for conversation in &conversations {
        let sent = until(counts, || api.send_once(conversation, "the end", "the-end")).await;
        assert_eq!(sent.status, 201, "{sent:?}");
    }
    let seen = timeout(PATIENCE, followers.join_all()).await.expect("the end is seen");

    for (conversation, seen) in seen {
        let there = api.contents(&conversation).await;
        let distinct: HashSet<_> = there.iter().cloned().collect();
        assert_eq!(distinct.len(), there.len(), "a message is there twice");
        let mut expected = HashSet::from(["the end".to_owned()]);
        for (_, record) in records.iter().filter(|(written, _)| *written == conversation) {
            expected.extend(record.kept.iter().cloned());
            assert!(record.deleted.is_disjoint(&distinct), "a deleted message is there");
        }
        let lost: Vec<_> = expected.difference(&distinct).collect();
        assert!(lost.is_empty(), "lost: {lost:?}");
        let followed: HashSet<_> = seen.iter().cloned().collect();
        assert_eq!(followed.len(), seen.len(), "a follower saw a message twice");
        assert!(expected.is_subset(&followed), "a follower missed a message");
    }
}

/// Makes one fault happen, of five.
async fn fail(redis: &mut RedisServer, proxy: &Proxy) {
    match fastrand::u8(..5) {
        0 => proxy.cut(),
        1 => proxy.fail(Fault::LoseAnswer),
        2 => {
            proxy.fail(Fault::HoldRequests);
            sleep(A_MOMENT).await;
            proxy.release();
        }
        3 => {
            redis.signal("STOP");
            sleep(A_MOMENT).await;
            redis.signal("CONT");
        }
        _ => {
            redis.kill();
            proxy.cut();
            redis.restart();
        }
    }
}

/// Sends under keys and deletes now and then, until told to stop.
async fn write(
    api: &Api,
    conversation: &str,
    writer: usize,
    stop: &AtomicBool,
    counts: &Counts,
) -> Record {
    let mut record = Record::default();
    for number in 0.. {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let name = format!("{writer}-{number}");
        let sent = until(counts, || api.send_once(conversation, &name, &name)).await;
        assert_eq!(sent.status, 201, "{sent:?}");
        if fastrand::u8(..) < 64 {
            let id = sent.text("messageId");
            let deleted = until(counts, || api.delete(conversation, &id)).await;
            // One whose answer was lost is not found again.
            assert!(matches!(deleted.status.as_u16(), 200 | 404), "{deleted:?}");
            record.deleted.insert(name);
        } else {
            record.kept.insert(name);
        }
        sleep(Duration::from_millis(20)).await;
    }
    record
}

/// Repeats a request while the store is unavailable.
async fn until<F: Future<Output = Answer>>(counts: &Counts, request: impl Fn() -> F) -> Answer {
    loop {
        let answer = request().await;
        if answer.status != 503 {
            counts.acknowledged.fetch_add(1, Ordering::SeqCst);
            return answer;
        }
        counts.unavailable.fetch_add(1, Ordering::SeqCst);
        sleep(Duration::from_millis(20)).await;
    }
}

/// The contents that a follower sees, up to the last.
async fn follow(mut source: EventSource, conversation: String) -> (String, Vec<String>) {
    let mut seen = Vec::new();
    loop {
        let event = source.next_happening().await;
        if let Some(content) = event.data["content"].as_str() {
            seen.push(content.to_owned());
            if content == "the end" {
                return (conversation, seen);
            }
        }
    }
}
