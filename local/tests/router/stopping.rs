//! Stopping: nothing that a client does or leaves undone delays it for long.

use std::process::{Command, Stdio};

use testing::api::Api;
use testing::connection::Connection;
use testing::events::EventSource;
use testing::process::Process;
use testing::redis::RedisServer;
use testing::router::Router;
use testing::wait::{PATIENCE, until};
use tokio::time::timeout;

use crate::slow_clients::{impatient, unended};
use crate::unread_responses::unread;

#[tokio::test]
async fn clients_that_stall_do_not_keep_the_router_from_stopping() {
    let (router, api) = impatient();
    let conversation = api.create().await;
    let mut connections = Vec::new();
    for (start, _) in unended(&conversation) {
        let mut connection = Connection::open(&router.url).await;
        connection.say(start.as_bytes()).await;
        connections.push(connection);
    }
    // Answered after the others were accepted: they are under way.
    api.get(&conversation).await;
    router.process.signal("TERM");
    assert_ends(router).await;
}

async fn assert_ends(mut router: Router) {
    let status = tokio::task::spawn_blocking(move || router.process.0.wait());
    let status = timeout(PATIENCE, status).await.expect("it stops").expect("a wait");
    assert!(status.expect("a status").success());
}

#[tokio::test]
async fn a_client_that_does_not_read_delays_stopping_by_the_shutdown_timeout_at_most() {
    let variables = &[("SHUTDOWN_TIMEOUT_SECONDS", "1")];
    let router = Router::start(env!("CARGO_BIN_EXE_local"), None, variables);
    let _client = unread(&router).await;
    router.process.signal("TERM");
    assert_ends(router).await;
}

#[tokio::test]
async fn a_second_signal_stops_it_at_once() {
    let variables = &[("SHUTDOWN_TIMEOUT_SECONDS", "3600")];
    let router = Router::start(env!("CARGO_BIN_EXE_local"), None, variables);
    let _client = unread(&router).await;
    router.process.signal("INT");
    // Once it has handled the first, it accepts no more.
    let address = router.url.trim_start_matches("http://").to_owned();
    until("it accepts nobody", async || tokio::net::TcpStream::connect(&address).await.is_err())
        .await;
    router.process.signal("INT");
    assert_ends(router).await;
}

#[tokio::test]
async fn a_stream_that_waits_for_redis_does_not_keep_the_router_from_stopping() {
    let mut redis = RedisServer::start();
    let variables = &[("SHUTDOWN_TIMEOUT_SECONDS", "3600")];
    let router = Router::start(env!("CARGO_BIN_EXE_local"), Some(&redis.url()), variables);
    let api = Api::at(&router.url);
    let conversation = api.create().await;
    let mut before = EventSource::new(&api, &conversation);
    before.next().await;
    redis.kill();
    let mut meanwhile = EventSource::new(&api, &conversation);
    meanwhile.connect().await;
    router.process.signal("TERM");
    assert_ends(router).await;
}

#[tokio::test]
async fn clients_that_still_send_or_are_one_too_many_do_not_delay_it_either() {
    let variables = &[
        ("SHUTDOWN_TIMEOUT_SECONDS", "1"),
        ("REQUEST_READ_TIMEOUT_SECONDS", "3600"),
        ("MAX_CONNECTIONS", "2"),
    ];
    let router = Router::start(env!("CARGO_BIN_EXE_local"), None, variables);
    let mut connections = Vec::new();
    let head = "POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n";
    for status in ["404", "404", "503"] {
        let mut connection = Connection::open(&router.url).await;
        assert!(connection.say(head.as_bytes()).await);
        let (heard, _) = connection.hear(|heard| heard.ends_with(b"}"), PATIENCE).await;
        assert!(heard.starts_with(format!("HTTP/1.1 {status}").as_bytes()), "{status}");
        connections.push(connection);
    }
    router.process.signal("TERM");
    assert_ends(router).await;
}

#[test]
fn a_signal_that_comes_while_it_starts_stops_it_too() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let redis = format!("redis://{}", silent.local_addr().expect("its address"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.env("PORT", "0").args(["--redis-url", &redis]).stderr(Stdio::null());
    let mut router = Process(command.spawn().expect("a router"));
    // It asks a Redis that does not answer.
    let _connection = silent.accept().expect("a connection");
    router.signal("TERM");
    assert!(router.0.wait().expect("a status").success());
}
