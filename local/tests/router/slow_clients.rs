//! Clients that are slow, or say nothing at all: they are cut off, and cost nobody anything.

use std::time::Duration;

use reqwest::Method;
use testing::api::{Api, message};
use testing::connection::Connection;
use testing::events::EventSource;
use testing::router::Router;
use testing::wait::PATIENCE;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

pub fn impatient() -> (Router, Api) {
    let variables = &[("REQUEST_READ_TIMEOUT_SECONDS", "1")];
    let router = Router::start(env!("CARGO_BIN_EXE_local"), None, variables);
    let api = Api::at(&router.url);
    (router, api)
}

/// Requests that never end, each the longer way of stalling at another place.
pub fn unended(conversation: &str) -> [(String, &'static str); 6] {
    let post = format!("POST {conversation}/messages HTTP/1.1\r\nHost: x\r\n");
    [
        (String::new(), ""),
        ("POST /api/conv".to_owned(), ""),
        (post.clone(), ""),
        (format!("{post}Content-Length: 1000\r\n\r\n{{"), "it did not arrive in time"),
        (format!("{post}Transfer-Encoding: chunked\r\n\r\n5\r\n{{"), "it did not arrive in time"),
        (
            format!("{post}Content-Length: 9\r\nExpect: 100-continue\r\n\r\n"),
            "it did not arrive in time",
        ),
    ]
}

#[tokio::test]
async fn a_client_that_stalls_is_cut_off_and_told_why_where_it_can_be() {
    const EACH: usize = 20;
    let (router, api) = impatient();
    let conversation = api.create().await;
    let before = router.process.descriptors();
    let mut clients = JoinSet::new();
    for (start, told) in unended(&conversation).into_iter().cycle().take(6 * EACH) {
        let url = router.url.clone();
        clients.spawn(async move {
            let mut connection = Connection::open(&url).await;
            connection.say(start.as_bytes()).await;
            let heard = connection.hear_to_the_end(PATIENCE).await;
            assert!(heard.contains(told), "{start}: {heard}");
            assert_eq!(heard.contains("400 Bad Request"), !told.is_empty(), "{start}: {heard}");
        });
    }
    api.send(&conversation, "while they stall").await;
    while let Some(client) = clients.join_next().await {
        client.expect("each is cut off");
    }
    assert_eq!(api.contents(&conversation).await, ["while they stall"]);
    let freed = async {
        while router.process.descriptors() > before {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, freed).await.expect("every connection is freed");
}

#[tokio::test]
async fn a_client_that_trickles_is_cut_off_although_it_never_rests() {
    let (router, api) = impatient();
    let conversation = api.create().await;
    let mut clients = JoinSet::new();
    for (start, _) in unended(&conversation) {
        let url = router.url.clone();
        clients.spawn(async move {
            let mut connection = Connection::open(&url).await;
            connection.say(start.as_bytes()).await;
            let begun = Instant::now();
            while connection.say(b"a").await {
                assert!(begun.elapsed() < PATIENCE, "still open: {start}");
                sleep(Duration::from_millis(20)).await;
            }
        });
    }
    while let Some(client) = clients.join_next().await {
        client.expect("each is cut off");
    }
}

#[tokio::test]
async fn what_the_router_itself_holds_open_is_not_cut_off() {
    let (_router, api) = impatient();
    let conversation = api.create().await;
    let mut source = EventSource::new(&api, &conversation);
    source.next().await;
    let held = api.get(&format!("{conversation}?after=0&wait=3")).await;
    assert_eq!(held.json()["cursor"], "0");
    let sent = api.send(&conversation, "hello").await;
    let event = timeout(PATIENCE, source.next_of_connection()).await.expect("no delay");
    assert_eq!(event.expect("the same connection").data["messageId"], sent);
}

#[tokio::test]
async fn a_body_that_takes_its_time_within_the_limit_is_read() {
    let router = Router::start(env!("CARGO_BIN_EXE_local"), None, &[]);
    let api = Api::at(&router.url);
    let conversation = api.create().await;
    let mut connection = Connection::open(&router.url).await;
    let body = message("slowly");
    let head = format!(
        "{} {conversation}/messages HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n",
        Method::POST,
        body.len()
    );
    for byte in head.bytes().chain(body.bytes()) {
        assert!(connection.say(&[byte]).await, "cut off");
        sleep(Duration::from_millis(1)).await;
    }
    let (heard, _) = connection.hear(|heard| heard.contains(&b'}'), PATIENCE).await;
    assert!(heard.starts_with(b"HTTP/1.1 201"), "{}", String::from_utf8_lossy(&heard));
}
