//! Mixed load while Redis and the way to it fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use testing::api::Api;
use testing::contract::QUEUE;
use testing::events::EventSource;
use testing::proxy::{Fault, Proxy};
use testing::redis::RedisServer;
use testing::router::Router;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::queue::QueueRecord;
use crate::record::{Faults, Record};
use crate::tally::Tally;
use crate::{PATIENCE, PAUSE, THE_END, durable_redis, events, queue, seconds};

const WRITERS: usize = 16;
const CONVERSATIONS: usize = 4;
/// Who lead conversations from their beginning to their end.
const LEADERS: usize = 3;
/// Who let conversations wait in the queue.
const WAITERS: usize = 8;
/// Seconds of the short form.
const SHORT: u64 = 8;
/// Seconds after which fresh conversations are begun, before these are full.
const LONGEST_ROUND: u64 = 60;
/// How long a fault lasts, and how long it then goes well.
const A_MOMENT: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_or_doubled_while_redis_fails_and_keeps_its_data() {
    let seconds = seconds("PARLEY_LOAD_SECONDS").unwrap_or(SHORT);
    let directory = tempfile::tempdir().expect("a directory");
    let mut redis = durable_redis(&directory.path().to_string_lossy());
    let proxy = Proxy::to(redis.port()).await;
    let router = Router::start(env!("CARGO_BIN_EXE_local"), Some(&proxy.url()), &[QUEUE]);
    let api = Api::at(&router.url);

    let rounds = (seconds / LONGEST_ROUND).max(2);
    let tally = Arc::new(Tally::default());
    let mut footprints = Vec::new();
    for _ in 0..rounds {
        let length = Duration::from_secs(seconds) / rounds as u32;
        round(&api, &mut redis, &proxy, length, &tally).await;
        footprints.push((router.process.resident(), router.process.descriptors()));
    }
    println!("{seconds} s: {}", tally.counts());
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
    tally: &Arc<Tally>,
) {
    let mut conversations = Vec::new();
    for _ in 0..CONVERSATIONS {
        conversations.push(api.create().await);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        let (api, stop, tally) = (api.clone(), stop.clone(), tally.clone());
        let conversation = conversations[number % CONVERSATIONS].clone();
        writers.spawn(async move {
            let record = write(&api, &conversation, number, &stop, &tally).await;
            (conversation, record)
        });
    }
    let mut leaders = JoinSet::new();
    for _ in 0..LEADERS {
        let (api, stop, tally) = (api.clone(), stop.clone(), tally.clone());
        leaders.spawn(async move { events::lead(&api, &stop, &tally).await });
    }
    let queue = Arc::new(QueueRecord::default());
    let mut waiters = JoinSet::new();
    for _ in 0..WAITERS {
        let (api, stop, queue, tally) = (api.clone(), stop.clone(), queue.clone(), tally.clone());
        waiters.spawn(async move { queue::fill(&api, &stop, &queue, &tally).await });
    }
    let (watching, stopped, record, counts) =
        (api.clone(), stop.clone(), queue.clone(), tally.clone());
    waiters.spawn(async move { queue::watch(&watching, &stopped, &record, &counts).await });
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
    let mut records = timeout(PATIENCE, writers.join_all()).await.expect("the writers end");
    let led = timeout(PATIENCE, leaders.join_all()).await.expect("the leaders end");
    assert!(led.iter().sum::<usize>() > 0, "no conversation was led to its end");
    timeout(PATIENCE, waiters.join_all()).await.expect("the waiters end");
    queue::compare(api, &queue, tally).await;
    println!("queue: {}", queue.counts());
    for conversation in &conversations {
        let sent = tally.until_available(|| api.send_once(conversation, THE_END, "the-end")).await;
        assert_eq!(sent.status, 201, "{sent:?}");
    }
    let seen = timeout(PATIENCE, followers.join_all()).await.expect("the end is seen");

    for (conversation, seen) in seen {
        let mut record = Record::default();
        record.kept.insert(THE_END.to_owned());
        for (_, part) in records.extract_if(.., |(written, _)| *written == conversation) {
            record.extend(part);
        }
        let there = api.contents(&conversation).await;
        assert_eq!(record.compare(&there), Faults::default(), "in a conversation");
        assert_eq!(record.compare_stream(&seen), Faults::default(), "in what a follower saw");
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
    tally: &Tally,
) -> Record {
    let mut record = Record::default();
    for number in 0.. {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let name = format!("{writer}-{number}");
        let sent = tally.until_available(|| api.send_once(conversation, &name, &name)).await;
        assert_eq!(sent.status, 201, "{sent:?}");
        if fastrand::u8(..) < 64 {
            let id = sent.text("messageId");
            let deleted = tally.until_available(|| api.delete(conversation, &id)).await;
            // One whose answer was lost is not found again.
            assert!(matches!(deleted.status.as_u16(), 200 | 404), "{deleted:?}");
            record.deleted.insert(name);
        } else {
            record.kept.insert(name);
        }
        sleep(PAUSE).await;
    }
    record
}

/// The contents that a follower sees, up to the last.
async fn follow(mut source: EventSource, conversation: String) -> (String, Vec<String>) {
    let mut seen = Vec::new();
    loop {
        let event = source.next_happening().await;
        if let Some(content) = event.data["content"].as_str() {
            seen.push(content.to_owned());
            if content == THE_END {
                return (conversation, seen);
            }
        }
    }
}
