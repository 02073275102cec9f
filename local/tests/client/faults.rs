//! Two sides that write to each other while the router, Redis and the way to them fail.

use std::time::{Duration, Instant};

use testing::proxy::{Fault, Proxy};
use testing::redis::{RedisServer, free_port};
use testing::router::Router;
use testing::talk::Talk;
use tokio::time::sleep;

/// How long faults last that have no end of their own.
const A_MOMENT: Duration = Duration::from_millis(300);

/// A router on Redis, behind a proxy through which clients reach it.
struct Service {
    redis: RedisServer,
    router: Option<Router>,
    proxy: Proxy,
    _directory: tempfile::TempDir,
}

impl Service {
    async fn start() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        // So that it comes back with everything when it is killed.
        let path = directory.path().to_string_lossy();
        let options = ["--appendonly", "yes", "--appendfsync", "always", "--dir", &path];
        let redis = RedisServer::start_with(&options);
        let router = start(&redis);
        let proxy = Proxy::to(port(&router)).await;
        Self { redis, router: Some(router), proxy, _directory: directory }
    }

    fn url(&self) -> String {
        self.proxy.url().replace("redis://", "http://")
    }

    /// The network is gone: connections end, and new ones are refused.
    fn go_offline(&self) {
        self.proxy.lead_to(free_port());
        self.proxy.cut();
    }

    fn go_online(&self) {
        self.proxy.lead_to(port(self.router.as_ref().expect("a router")));
    }

    fn restart_router(&mut self) {
        self.router = None;
        self.router = Some(start(&self.redis));
        self.go_online();
    }
}

fn start(redis: &RedisServer) -> Router {
    Router::start(env!("CARGO_BIN_EXE_local"), Some(&redis.url()), &[])
}

fn port(router: &Router) -> u16 {
    router.url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port")
}

async fn ends_well(what: &str, service: &Service, talk: Talk, times: &[(&str, Duration)]) {
    let router = service.router.as_ref().expect("a router");
    let (messages, states) = talk.ends_well(&router.url).await;
    println!("{what}: {times:?}, {messages} messages, {states} states");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_the_router_is_restarted() {
    let mut service = Service::start().await;
    let talk = Talk::start(&service.url()).await;
    service.router = None;
    let waits = talk.waits().await;
    service.restart_router();
    let goes_on = talk.goes_on().await;
    ends_well("router", &service, talk, &[("waits", waits), ("goes on", goes_on)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_redis_is_restarted() {
    let mut service = Service::start().await;
    let talk = Talk::start(&service.url()).await;
    service.redis.kill();
    let waits = talk.waits().await;
    service.redis.restart();
    let goes_on = talk.goes_on().await;
    ends_well("Redis", &service, talk, &[("waits", waits), ("goes on", goes_on)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_router_and_redis_are_restarted() {
    let mut service = Service::start().await;
    let talk = Talk::start(&service.url()).await;
    service.redis.kill();
    service.restart_router();
    let waits = talk.waits().await;
    service.redis.restart();
    let goes_on = talk.goes_on().await;
    ends_well("both", &service, talk, &[("waits", waits), ("goes on", goes_on)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_connections_are_cut_and_answers_lost() {
    let service = Service::start().await;
    let talk = Talk::start(&service.url()).await;
    let mut times = Vec::new();
    for _ in 0..3 {
        service.proxy.cut();
        times.push(("cut", talk.goes_on().await));
        for (name, fault) in [("lost", Fault::LoseAnswer), ("half", Fault::CutAnswer)] {
            service.proxy.fail(fault);
            testing::wait::until("an answer is lost", async || service.proxy.has_failed()).await;
            times.push((name, talk.goes_on().await));
        }
        service.proxy.fail(Fault::HoldRequests);
        sleep(A_MOMENT).await;
        service.proxy.release();
        times.push(("held", talk.goes_on().await));
    }
    ends_well("connections", &service, talk, &times).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_whatever_fails_next() {
    let seconds = std::env::var("PARLEY_LOAD_SECONDS");
    let seconds = seconds.map_or(8, |text| text.parse().expect("a number of seconds"));
    let mut service = Service::start().await;
    let talk = Talk::start(&service.url()).await;
    let mut faults = [0; 7];
    let end = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < end {
        let fault = fastrand::usize(..faults.len());
        faults[fault] += 1;
        match fault {
            0 => service.proxy.cut(),
            1 => service.proxy.fail(Fault::LoseAnswer),
            2 => service.proxy.fail(Fault::CutAnswer),
            3 => {
                service.proxy.fail(Fault::HoldRequests);
                sleep(A_MOMENT).await;
                service.proxy.release();
            }
            4 => {
                service.redis.kill();
                sleep(A_MOMENT).await;
                service.redis.restart();
            }
            5 => service.restart_router(),
            _ => {
                service.go_offline();
                sleep(A_MOMENT).await;
                service.go_online();
            }
        }
        sleep(A_MOMENT).await;
    }
    let goes_on = talk.goes_on().await;
    ends_well(&format!("{faults:?}"), &service, talk, &[("goes on", goes_on)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_the_client_is_offline() {
    let service = Service::start().await;
    let talk = Talk::start(&service.url()).await;
    service.go_offline();
    let waits = talk.waits().await;
    // Long enough for many messages to gather, and for each page to have asked several times.
    sleep(10 * A_MOMENT).await;
    service.go_online();
    let goes_on = talk.goes_on().await;
    ends_well("offline", &service, talk, &[("waits", waits), ("goes on", goes_on)]).await;
}
