//! The time limits for a request, and between two of them.

use std::process::Command;
use std::time::Duration;

use testing::api::Api;
use testing::connection::Connection;
use testing::router::Router;
use testing::wait::PATIENCE;
use tokio::time::sleep;

const FOREVER: &str = "3600";

fn router(read: &str, idle: &str) -> (Router, Api) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.env("REQUEST_READ_TIMEOUT_SECONDS", read).env("IDLE_TIMEOUT_SECONDS", idle);
    let router = Router::launch(command, None);
    let api = Api::at(&router.url);
    (router, api)
}

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes()
}

/// Asks for an empty conversation, and hears all of the answer.
async fn ask(connection: &mut Connection, conversation: &str) {
    assert!(connection.say(&get(conversation)).await, "closed");
    let (heard, _) = connection.hear(|heard| heard.ends_with(b"}"), PATIENCE).await;
    assert!(heard.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&heard));
}

#[tokio::test]
async fn an_idle_connection_stays_longer_than_a_request_may_take() {
    let (router, api) = router("1", FOREVER);
    let conversation = api.create().await;
    let mut idle = Connection::open(&router.url).await;
    ask(&mut idle, &conversation).await;
    let mut silent = Connection::open(&router.url).await;
    assert_eq!(silent.hear_to_the_end(PATIENCE).await, "");
    ask(&mut idle, &conversation).await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_a_while_whatever_it_was_last_answered() {
    let (router, api) = router(FOREVER, "1");
    let conversation = api.create().await;
    let head = format!("HEAD {conversation} HTTP/1.1\r\nHost: x\r\n\r\n");
    let unchanged = format!("GET {conversation} HTTP/1.1\r\nHost: x\r\nIf-None-Match: *\r\n\r\n");
    let early = "POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n{";
    let posted = "POST /api/conversations HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
    let held = format!("GET {conversation}?after=0&wait=2 HTTP/1.1\r\nHost: x\r\n\r\n");
    let pipelined = get(&conversation).repeat(3);
    let requests = [
        (get(&conversation), "200"),
        (head.into_bytes(), "200"),
        (unchanged.into_bytes(), "304"),
        (get("/nowhere"), "404"),
        (early.into(), "404"),
        (posted.into(), "201"),
        (held.into_bytes(), "200"),
        (pipelined, "200"),
    ];
    for (request, status) in requests {
        let mut connection = Connection::open(&router.url).await;
        assert!(connection.say(&request).await);
        let heard = connection.hear_to_the_end(PATIENCE).await;
        let request = String::from_utf8_lossy(&request);
        assert!(heard.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {heard}");
        let answers = heard.matches("HTTP/1.1 ").count();
        assert_eq!(answers, request.matches("HTTP/1.1").count(), "{heard}");
    }
}

#[tokio::test]
async fn the_head_of_a_later_request_must_arrive_in_time_as_well() {
    let (router, api) = router("1", FOREVER);
    let conversation = api.create().await;
    let mut connection = Connection::open(&router.url).await;
    ask(&mut connection, &conversation).await;
    // A byte every few milliseconds: the limit is for all of the head.
    assert!(connection.say(b"GET / HTTP/1.1\r\nHost: ").await);
    while connection.say(b"x").await {
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_request_that_begins_while_the_last_is_being_answered_is_answered_too() {
    let (router, api) = router("1", "1");
    let conversation = api.create().await;
    let mut connection = Connection::open(&router.url).await;
    let held = format!("{conversation}?after=0&wait=2");
    let (start, rest) = (&get("/nowhere")[..10], &get("/nowhere")[10..]);
    assert!(connection.say(&get(&held)).await);
    assert!(connection.say(start).await);
    let (heard, _) = connection.hear(|heard| heard.ends_with(b"}"), PATIENCE).await;
    assert!(heard.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&heard));
    assert!(connection.say(rest).await);
    let heard = connection.hear_to_the_end(PATIENCE).await;
    assert!(heard.starts_with("HTTP/1.1 404"), "{heard}");
}
