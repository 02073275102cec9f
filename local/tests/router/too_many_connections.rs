//! More connections than the router takes.

use std::process::{Command, Stdio};

use testing::api::Api;
use testing::connection::Connection;
use testing::router::Router;
use testing::wait::{PATIENCE, until};

const BINARY: &str = env!("CARGO_BIN_EXE_local");
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/// Opens a connection that has been answered, and so has been accepted.
async fn served(url: &str) -> Connection {
    let mut connection = Connection::open(url).await;
    assert!(connection.say(REQUEST).await);
    let (heard, _) = connection.hear(|heard| heard.ends_with(b"</html>\n"), PATIENCE).await;
    assert!(heard.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&heard));
    connection
}

#[tokio::test]
async fn one_too_many_is_told_so_until_another_has_gone() {
    let router = Router::start(BINARY, None, &[("MAX_CONNECTIONS", "2")]);
    let _first = served(&router.url).await;
    let second = served(&router.url).await;

    let refused = Api::at(&router.url).get("/").await;
    refused.assert_error(503, "too_many_connections");
    assert!(refused.body.contains("MAX_CONNECTIONS"), "{}", refused.body);
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(refused.header("connection"), "close");
    assert_eq!(refused.header("x-content-type-options"), "nosniff");
    assert_eq!(refused.header("access-control-allow-origin"), "*");
    assert!(!refused.header("x-request-id").is_empty());

    drop(second);
    until("there is room", async || Api::at(&router.url).get("/").await.status == 200).await;
}

#[tokio::test]
async fn a_client_that_sends_much_reads_the_refusal_too() {
    let router = Router::start(BINARY, None, &[("MAX_CONNECTIONS", "1")]);
    let _first = served(&router.url).await;
    let body = vec![b'a'; 5 * 1024 * 1024];
    let refused = Api::at(&router.url).post("/api/conversations/x", body).await;
    refused.assert_error(503, "too_many_connections");
}

#[tokio::test]
async fn those_that_say_nothing_do_not_pile_up() {
    let router = Router::start(BINARY, None, &[("MAX_CONNECTIONS", "1")]);
    let _first = served(&router.url).await;
    let before = router.process.descriptors();
    let mut silent = Vec::new();
    for _ in 0..300 {
        silent.push(Connection::open(&router.url).await);
        assert!(router.process.descriptors() <= before + 110, "too many are being refused");
    }
    for mut connection in silent {
        assert_eq!(connection.hear_to_the_end(PATIENCE).await, "");
    }
    until("all are closed", async || router.process.descriptors() <= before).await;
}

#[tokio::test]
async fn the_limit_of_descriptors_is_raised_and_bounds_the_connections() {
    let limited = |limit: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{limit}; exec \"$0\" \"$@\""), BINARY]);
        command.stderr(Stdio::piped());
        command
    };
    // More connections than the soft limit has descriptors.
    let router = Router::launch(limited("ulimit -S -n 50"), None);
    let mut connections = Vec::new();
    for _ in 0..100 {
        connections.push(served(&router.url).await);
    }

    let mut router = Router::launch(limited("ulimit -n 210"), None);
    let mut connections = Vec::new();
    for _ in 0..10 {
        connections.push(served(&router.url).await);
    }
    Api::at(&router.url).get("/").await.assert_error(503, "too_many_connections");
    let _ = router.process.0.kill();
    let log = std::io::read_to_string(router.process.0.stderr.take().expect("a pipe"));
    let log = log.expect("the log");
    let warnings = log.matches("allows for only 10 connections").count();
    assert_eq!(warnings, 1, "{log}");
}
