//! Mixed load while Redis and the way to it fail, against a record of what was acknowledged.
//!
//! The short form runs with the other tests. The long one:
//!
//! ```sh
//! PARLEY_LOAD_SECONDS=600 cargo test --release --test load_with_faults -- --nocapture
//! ```
#![allow(clippy::expect_used, clippy::panic)]

use std::collections::{HashMap, HashSet};
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
    let mut conversations = Vec::new();
    for _ in 0..CONVERSATIONS {
        conversations.push(api.create().await);
    }

    let end = Instant::now() + Duration::from_secs(seconds);
    let (stop, counts) = (Arc::new(AtomicBool::new(false)), Arc::new(Counts::default()));
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
        let source = EventSource::new(&api, conversation);
        followers.spawn(follow(source, conversation.clone()));
    }

    let (mut faults, mut warm) = (HashMap::<&str, u32>::new(), None);
    while Instant::now() < end {
        let fault = ["cut", "lose", "hold", "pause", "restart"][fastrand::usize(..5)];
        *faults.entry(fault).or_default() += 1;
        match fault {
            "cut" => proxy.cut(),
            "lose" => proxy.fail(Fault::LoseAnswer),
            "hold" => {
                proxy.fail(Fault::HoldRequests);
                sleep(Duration::from_millis(300)).await;
                proxy.release();
            }
            "pause" => {
                redis.signal("STOP");
                sleep(Duration::from_millis(300)).await;
                redis.signal("CONT");
            }
            _ => {
                redis.kill();
                proxy.cut();
                redis.restart();
            }
        }
        sleep(Duration::from_millis(300)).await;
        if warm.is_none() && end.saturating_duration_since(Instant::now()).as_secs() < seconds / 2 {
            warm = Some(footprint(&router));
        }
    }
    stop.store(true, Ordering::SeqCst);
    let records = timeout(PATIENCE, writers.join_all()).await.expect("the writers end");
    for conversation in &conversations {
        until_sent(&api, conversation, "the end", "the-end").await;
    }
    let seen: HashMap<_, _> = timeout(PATIENCE, followers.join_all())
        .await
        .expect("the end is seen")
        .into_iter()
        .collect();

    let (acknowledged, unavailable) =
        (counts.acknowledged.load(Ordering::SeqCst), counts.unavailable.load(Ordering::SeqCst));
    for conversation in &conversations {
        let there = api.contents(conversation).await;
        let distinct: HashSet<_> = there.iter().cloned().collect();
        assert_eq!(distinct.len(), there.len(), "a message is there twice");
        let mut expected = HashSet::from(["the end".to_owned()]);
        for (_, record) in records.iter().filter(|(written, _)| written == conversation) {
            expected.extend(record.kept.iter().cloned());
            assert!(record.deleted.is_disjoint(&distinct), "a deleted message is there");
        }
        let lost: Vec<_> = expected.difference(&distinct).collect();
        assert!(lost.is_empty(), "lost: {lost:?}");
        let followed: HashSet<_> = seen[conversation].iter().cloned().collect();
        assert_eq!(followed.len(), seen[conversation].len(), "a follower saw a message twice");
        assert!(expected.is_subset(&followed), "a follower missed a message");
    }
    println!(
        "{seconds} s: {acknowledged} acknowledged, {unavailable} times 503, faults {faults:?}"
    );
    let (warm, last) = (warm.expect("half of the time has passed"), footprint(&router));
    println!("memory and files at half time {warm:?}, at the end {last:?} (KiB, count)");
    assert!(last.0 < warm.0 + 16 * 1024, "memory grows: {warm:?}, {last:?}");
    assert!(last.1 <= warm.1 + 8, "files grow: {warm:?}, {last:?}");
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

async fn until_sent(api: &Api, conversation: &str, content: &str, key: &str) {
    let counts = Counts::default();
    let sent = until(&counts, || api.send_once(conversation, content, key)).await;
    assert_eq!(sent.status, 201, "{sent:?}");
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

/// Resident memory in KiB, and open files.
fn footprint(router: &Router) -> (u64, usize) {
    (router.process.resident(), router.process.descriptors())
}
