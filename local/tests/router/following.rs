//! Following through the router: what it costs, what it survives, and what it lets go.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use testing::api::Api;
use testing::contract::follow_at_random;
use testing::events::EventSource;
use testing::redis::{RedisServer, calls};
use testing::router::Router;
use testing::wait::{PATIENCE, until};
use tokio::time::{sleep, timeout};

fn on(redis: &RedisServer) -> (Router, Api) {
    let router = Router::start(env!("CARGO_BIN_EXE_local"), Some(&redis.url()), &[]);
    let api = Api::at(&router.url);
    (router, api)
}

fn channels(redis: &RedisServer) -> usize {
    redis.command(&["PUBSUB", "CHANNELS"]).matches("chat:2:{").count()
}

#[tokio::test]
async fn two_routers_on_one_redis_tell_each_others_followers() {
    let redis = RedisServer::start();
    let ((_one, first), (_other, second)) = (on(&redis), on(&redis));
    timeout(PATIENCE, follow_at_random(&[first, second], Duration::ZERO)).await.expect("an end");
}

#[tokio::test]
async fn nothing_is_missed_while_connections_to_redis_are_killed() {
    let redis = RedisServer::start();
    let ((_one, first), (_other, second)) = (on(&redis), on(&redis));
    let apis = [first, second];
    let following = follow_at_random(&apis, Duration::from_millis(20));
    tokio::pin!(following);
    let mut killed = 0;
    let killing = async {
        loop {
            sleep(Duration::from_millis(50)).await;
            for kind in ["normal", "pubsub"] {
                let answer = redis.command(&["CLIENT", "KILL", "TYPE", kind]);
                killed += answer.trim_start_matches(':').trim().parse::<u32>().unwrap_or_default();
            }
        }
    };
    tokio::select! {
        result = timeout(PATIENCE, &mut following) => result.expect("an end"),
        () = killing => {}
    }
    assert!(killed >= 4, "{killed} connections killed");
}

/// Commands that Redis has run since its statistics were reset, but for a test's own.
fn commands(redis: &RedisServer) -> Vec<String> {
    let stats = redis.command(&["INFO", "commandstats"]);
    let of_tests = ["info", "config|resetstat", "pubsub|channels", "quit"];
    let names = stats.lines().filter_map(|line| line.strip_prefix("cmdstat_")?.split_once(':'));
    let others = names.filter(|(name, _)| !of_tests.contains(name));
    others.map(|(name, rest)| format!("{} {name}", number_of_calls(rest))).collect()
}

fn number_of_calls(stats: &str) -> &str {
    stats.strip_prefix("calls=").and_then(|rest| rest.split(',').next()).expect("calls")
}

#[tokio::test]
async fn followers_cost_redis_nothing_while_idle_but_a_ping_and_a_message_to_them_one_publish() {
    const FOLLOWERS: usize = 200;
    let redis = RedisServer::start();
    let (_router, api) = on(&redis);
    let conversation = api.create().await;
    // An agent's first message takes the conversation, which costs one write more.
    api.send(&conversation, "first").await;
    let mut sources = Vec::new();
    for _ in 0..FOLLOWERS {
        let mut source = EventSource::new(&api, &conversation);
        source.next_happening().await;
        sources.push(source);
    }
    // Each has looked when it came, at the clock, and when it was subscribed.
    until("all listen", async || calls(&redis, "pexpiretime") >= 3 * FOLLOWERS as u64).await;
    // Those who were there before the subscription look once more.
    let pings = calls(&redis, "ping");
    until("all is quiet", async || calls(&redis, "ping") > pings).await;
    assert_eq!(calls(&redis, "subscribe"), 1, "one subscription serves them all");

    redis.command(&["CONFIG", "RESETSTAT"]);
    until("the connection is asked for twice", async || calls(&redis, "ping") == 2).await;
    assert_eq!(commands(&redis), ["2 ping"]);

    // Redis knows the script from now on.
    api.send(&api.create().await, "elsewhere").await;
    redis.command(&["CONFIG", "RESETSTAT"]);
    let sent = api.send(&conversation, "hello").await;
    for source in &mut sources {
        let seen = timeout(PATIENCE, source.next_happening()).await.expect("the message");
        assert_eq!(seen.data["messageId"], sent);
        let expires = timeout(PATIENCE, source.next()).await.expect("the expiry");
        assert_eq!(expires.event, "expires");
    }
    // What the script calls; and no reading by anybody.
    let mut calls = commands(&redis);
    calls.retain(|call| !call.ends_with(" ping"));
    calls.sort();
    let script = ["evalsha", "getrange", "pexpire", "pexpiretime", "publish", "setrange", "strlen"];
    assert_eq!(calls, script.map(|name| format!("1 {name}")));
    let now = api.get(&format!("{conversation}?after=0")).await.json();
    assert_eq!(now["messages"][1]["messageId"], sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn followers_who_leave_at_the_same_moment_leave_no_subscription_behind() {
    let redis = RedisServer::start();
    let (_router, api) = on(&redis);
    for _ in 0..40 {
        let conversation = api.create().await;
        let mut sources =
            [EventSource::new(&api, &conversation), EventSource::new(&api, &conversation)];
        for source in &mut sources {
            source.next().await;
        }
        until("they are subscribed", async || channels(&redis) == 1).await;
        drop(sources);
        until("nobody is subscribed", async || channels(&redis) == 0).await;
    }
}

#[tokio::test]
async fn a_client_that_goes_away_frees_what_it_held() {
    let redis = RedisServer::start();
    let (_router, api) = on(&redis);
    let mut sources = Vec::new();
    for _ in 0..20 {
        let mut source = EventSource::new(&api, &api.create().await);
        source.next().await;
        sources.push(source);
    }
    until("a channel for each", async || channels(&redis) == 20).await;
    sources.truncate(5);
    until("the others are let go", async || channels(&redis) == 5).await;
    sources.clear();
    until("all are let go", async || channels(&redis) == 0).await;
}

#[tokio::test]
async fn a_stream_survives_a_redis_that_is_away_for_a_while() {
    let mut redis = RedisServer::start();
    let (_router, api) = on(&redis);
    let conversation = api.create().await;
    let mut source = EventSource::new(&api, &conversation);
    source.next().await;
    until("it listens", async || channels(&redis) == 1).await;

    redis.save();
    redis.restart();
    let sent = timeout(PATIENCE, async {
        loop {
            let answer = api.send_once(&conversation, "back", "key").await;
            if answer.status == 201 {
                return answer.text("messageId");
            }
            assert_eq!(answer.status, 503, "{answer:?}");
        }
    });
    let sent = sent.await.expect("Redis is back");
    let event = timeout(PATIENCE, source.next_happening()).await.expect("the stream went on");
    assert_eq!(event.data["messageId"], sent);
}

#[tokio::test]
async fn streams_end_when_the_router_is_told_to_stop() {
    let redis = RedisServer::start();
    let (mut router, api) = on(&redis);
    let conversation = api.create().await;
    let mut source = EventSource::new(&api, &conversation);
    source.next().await;
    let held = tokio::spawn({
        let (api, path) = (api.clone(), format!("{conversation}?after=0&wait=25"));
        async move { api.get(&path).await }
    });
    until("both listen", async || calls(&redis, "pexpiretime") >= 6).await;
    router.process.signal("TERM");
    assert_eq!(source.next_of_connection().await, None);
    assert_eq!(held.await.expect("an answer").json()["cursor"], "0");
    let status = tokio::task::spawn_blocking(move || router.process.0.wait());
    let status = timeout(PATIENCE, status).await.expect("it stops").expect("a wait");
    assert!(status.expect("a status").success());
}

#[tokio::test]
async fn clients_that_do_not_read_neither_hold_memory_nor_delay_others() {
    const SILENT: usize = 40;
    let (router, api) = {
        let router = Router::start(env!("CARGO_BIN_EXE_local"), None, &[]);
        let api = Api::at(&router.url);
        (router, api)
    };
    let conversation = api.create().await;
    let address = router.url.trim_start_matches("http://");
    let silent: Vec<TcpStream> = (0..SILENT)
        .map(|_| {
            let mut stream = TcpStream::connect(address).expect("a connection");
            let request = format!(
                "GET {conversation} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n"
            );
            stream.write_all(request.as_bytes()).expect("a request");
            let mut first = [0; 12];
            stream.read_exact(&mut first).expect("an answer");
            assert_eq!(&first, b"HTTP/1.1 200");
            stream
        })
        .collect();
    let mut reader = EventSource::new(&api, &conversation);
    let before = router.process.resident();

    // 3 MB for each of the silent ones, were it kept for them.
    let content = "x".repeat(16 * 1024);
    for _ in 0..190 {
        let sent = api.send(&conversation, &content).await;
        let seen = timeout(PATIENCE, reader.next_happening()).await.expect("no delay");
        assert_eq!(seen.data["messageId"], sent);
    }
    let grown = router.process.resident().saturating_sub(before);
    let kept_for_each = 1024;
    assert!(grown < kept_for_each * SILENT as u64, "{grown} KiB for {SILENT} silent clients");
    drop(silent);
}
