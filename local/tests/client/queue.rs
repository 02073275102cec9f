//! The queue, followed in Node.js through restarts of Redis and of the router.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use testing::api::Api;
use testing::contract::QUEUE;
use testing::process::Process;
use testing::proxy::Proxy;
use testing::redis::{RedisServer, free_port};
use testing::router::Router;
use testing::talk::MODULE;
use testing::wait::until;

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/client/follow_queue.mjs");

/// A process that follows the queue.
struct Follower {
    _process: Process,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Follower {
    fn start(url: &str) -> Self {
        let mut command = Command::new("node");
        command.args([PROGRAM, MODULE, url]).stdout(Stdio::piped());
        let mut process = Process::start(&mut command, "The tests need Node.js 20 or later.");
        let output = BufReader::new(process.0.stdout.take().expect("a pipe"));
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let heard = lines.clone();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                heard.lock().expect("unpoisoned").push(line);
            }
        });
        Self { _process: process, lines }
    }

    /// Waits until the last thing told of a kind is this.
    async fn tells(&self, kind: &str, expected: &str) {
        let last = || {
            let lines = self.lines.lock().expect("unpoisoned");
            lines.iter().rev().find_map(|line| line.strip_prefix(kind)).unwrap_or("").to_owned()
        };
        until(&format!("{kind}{expected}"), async || last() == expected).await;
    }
}

fn start(redis: &RedisServer) -> Router {
    Router::start(env!("CARGO_BIN_EXE_local"), Some(&redis.url()), &[QUEUE])
}

fn port(router: &Router) -> u16 {
    router.url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port")
}

fn id(path: &str) -> &str {
    path.rsplit('/').next().expect("an id")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_is_followed_through_a_restart_of_redis_and_of_the_router() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().to_string_lossy();
    let options = ["--appendonly", "yes", "--appendfsync", "always", "--dir", &path];
    let mut redis = RedisServer::start_with(&options);
    let router = start(&redis);
    // So that another router can be where this one was.
    let proxy = Proxy::to(port(&router)).await;
    let follower = Follower::start(&proxy.url().replace("redis://", "http://"));
    follower.tells("state ", "live").await;
    let first = Api::at(&router.url).create().await;
    follower.tells("waiting ", id(&first)).await;

    redis.kill();
    follower.tells("state ", "waiting").await;
    redis.restart();
    let second = Api::at(&router.url).create().await;
    let both = format!("{},{}", id(&first), id(&second));
    follower.tells("waiting ", &both).await;
    follower.tells("state ", "live").await;

    proxy.lead_to(free_port());
    drop(router);
    proxy.cut();
    follower.tells("state ", "waiting").await;
    let router = start(&redis);
    let api = Api::at(&router.url);
    api.send(&first, "hello").await;
    proxy.lead_to(port(&router));
    follower.tells("waiting ", id(&second)).await;
    follower.tells("state ", "live").await;
    api.send(&second, "hello").await;
    follower.tells("waiting ", "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_it_is_switched_off_following_ends_with_an_error_that_says_so() {
    let router = Router::start(env!("CARGO_BIN_EXE_local"), None, &[]);
    let follower = Follower::start(&router.url);
    follower.tells("error ", "405 method_not_allowed").await;
    follower.tells("state ", "closed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_is_told_at_once() {
    let redis = RedisServer::start();
    let router = start(&redis);
    let follower = Follower::start(&router.url);
    follower.tells("state ", "live").await;
    let api = Api::at(&router.url);
    let mut times = Vec::new();
    for _ in 0..20 {
        let created = Instant::now();
        let path = api.create().await;
        follower.tells("waiting ", id(&path)).await;
        times.push(created.elapsed());
        api.send(&path, "hello").await;
        follower.tells("waiting ", "").await;
    }
    times.sort_unstable();
    println!("from a creation to its being told: p50 {:?}, longest {:?}", times[10], times[19]);
    // A request that waits is held for ten: it was answered when something changed.
    assert!(times[10] < Duration::from_secs(5), "{times:?}");
}
