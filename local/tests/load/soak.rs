//! A router that is left running: streams come and go, requests of all kinds, clients that read
//! slowly or not at all, and a Redis that is killed and started again five times.
//!
//! - [`conversation`]: one conversation from its creation to its end.
//! - [`stream`]: a client that follows it.
//! - [`slow_readers`]: clients that read slowly or not at all.
//! - [`footprint`]: the router's memory, descriptors and threads.

mod conversation;
mod footprint;
mod slow_readers;
mod stream;

use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use testing::api::Api;
use testing::redis::RedisServer;
use testing::router::Router;
use tokio::task::{JoinSet, block_in_place};
use tokio::time::{interval, timeout};

use crate::record::Faults;
use crate::tally::{Tally, Times};
use crate::{PATIENCE, durable_redis, seconds};
use footprint::Footprints;
use slow_readers::SlowReaders;

/// How many clients there are at any time.
struct Scale {
    conversations: usize,
    streams_each: usize,
    slow_readers: usize,
}

const LONG: Scale = Scale { conversations: 200, streams_each: 10, slow_readers: 20 };
const SHORT: Scale = Scale { conversations: 20, streams_each: 5, slow_readers: 4 };
/// Seconds of the short form.
const SHORT_SECONDS: u64 = 6;
/// How often the router is looked at.
const SAMPLES: u64 = 300;
/// Redis is killed after each sixth: five times, every five minutes of thirty.
const SAMPLES_BETWEEN_RESTARTS: u64 = SAMPLES / 6;
/// Descriptors for the long form: each stream is one in this process and one in the router.
const DESCRIPTORS: u64 = 8192;

/// What all clients share.
struct Soak {
    api: Api,
    streams_each: usize,
    longest_life: Duration,
    started: Instant,
    is_over: AtomicBool,
    messages: AtomicU64,
    connections: AtomicU64,
    tally: Tally,
    /// How late messages reached streams that were open when they were sent.
    deliveries: Times,
    faults: Mutex<Faults>,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_router_keeps_its_size_and_loses_nothing_however_long_it_runs() {
    let long = seconds("PARLEY_SOAK_SECONDS");
    let scale = if long.is_some() { LONG } else { SHORT };
    let length = Duration::from_secs(long.unwrap_or(SHORT_SECONDS));
    if long.is_some() {
        raise_descriptor_limit();
    }
    let directory = tempfile::tempdir().expect("a directory");
    let mut redis = durable_redis(&directory.path().to_string_lossy());
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    // Nothing expires in the run, so that everything can be compared with the record.
    command.env("CONVERSATION_TTL_SECONDS", (length + 5 * PATIENCE).as_secs().to_string());
    // The lines about each restart would break the progress bar.
    command.env("LOG_LEVEL", "off");
    let router = Router::launch(command, Some(&redis.url()));
    let soak = Arc::new(Soak::new(&router, &scale, length));
    let slow_readers = SlowReaders::start(&soak, &router.url, scale.slow_readers).await;
    let mut conversations = JoinSet::new();
    for _ in 0..scale.conversations {
        conversations.spawn(conversation::one_after_another(soak.clone()));
    }

    let bar = progress_bar(long.is_some());
    let footprints = watch(&soak, &router, &mut redis, length, &bar).await;
    soak.is_over.store(true, Ordering::SeqCst);
    timeout(5 * PATIENCE, conversations.join_all()).await.expect("the conversations end");
    let slow_reads = slow_readers.join().await;
    bar.finish_and_clear();

    let faults = soak.faults.lock().expect("the faults");
    let (lost, doubled, wrong) = (faults.lost.len(), faults.doubled.len(), faults.wrong.len());
    println!(
        "{} s with {} conversations at a time, {} streams each, and {} restarts of Redis",
        length.as_secs(),
        scale.conversations,
        scale.streams_each,
        SAMPLES / SAMPLES_BETWEEN_RESTARTS - 1
    );
    println!("requests:   {}", soak.tally.counts());
    println!("            {}", soak.tally.requests.summary());
    println!("deliveries: {}", soak.deliveries.summary());
    println!("streams:    opened {} times", soak.connections.load(Ordering::SeqCst));
    println!("readers:    {slow_reads}");
    println!("messages:   {lost} lost, {doubled} doubled, {wrong} wrong");
    println!("router:     {footprints}");
    assert_eq!(*faults, Faults::default());
    slow_reads.assert_whole();
    footprints.assert_flat();
}

impl Soak {
    fn new(router: &Router, scale: &Scale, length: Duration) -> Self {
        Self {
            api: Api::at(&router.url),
            streams_each: scale.streams_each,
            longest_life: (length / 3).min(Duration::from_secs(40)),
            started: Instant::now(),
            is_over: AtomicBool::new(false),
            messages: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            tally: Tally::default(),
            deliveries: Times::new(),
            faults: Mutex::default(),
        }
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }
}

/// Looks at the router again and again, and kills its Redis now and then.
async fn watch(
    soak: &Soak,
    router: &Router,
    redis: &mut RedisServer,
    length: Duration,
    bar: &ProgressBar,
) -> Footprints {
    let mut footprints = Footprints::default();
    let mut ticks = interval(length / SAMPLES as u32);
    for sample in 1..=SAMPLES {
        ticks.tick().await;
        footprints.add(&router.process);
        bar.set_message(format!("{}, {}", soak.tally.counts(), footprints.last()));
        bar.inc(1);
        if sample % SAMPLES_BETWEEN_RESTARTS == 0 && sample != SAMPLES {
            block_in_place(|| redis.restart());
        }
    }
    footprints
}

fn progress_bar(is_shown: bool) -> ProgressBar {
    if !is_shown {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{elapsed} of about {duration} {wide_bar} {msg}");
    ProgressBar::new(SAMPLES).with_style(style.expect("a template"))
}

/// Raises the limit of this process, which the router inherits.
fn raise_descriptor_limit() {
    let id = std::process::id().to_string();
    let limit = format!("--nofile={DESCRIPTORS}:");
    let status = Command::new("prlimit").args(["--pid", &id, &limit]).status();
    let is_raised = status.is_ok_and(|status| status.success());
    assert!(is_raised, "the soak needs {DESCRIPTORS} open files: ulimit -n {DESCRIPTORS}");
}
