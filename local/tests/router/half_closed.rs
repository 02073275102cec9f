//! Clients that send a request and then say that nothing more will come (`nc -N`).

use testing::api::Api;
use testing::connection::Connection;
use testing::router::Router;
use testing::wait::{PATIENCE, until};

use crate::unread_responses::large_conversation;

/// Sends all of it and says that this was all.
async fn send(url: &str, request: &str) -> Connection {
    let mut connection = Connection::open(url).await;
    assert!(connection.say(request.as_bytes()).await);
    connection.finish().await;
    connection
}

#[tokio::test]
async fn a_client_that_sends_nothing_more_is_answered() {
    let router = Router::start(env!("CARGO_BIN_EXE_local"), None, &[]);
    let conversation = large_conversation(&Api::at(&router.url)).await;
    let requests = [
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
        "POST /api/conversations HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}".to_owned(),
        format!("GET {conversation} HTTP/1.1\r\nHost: x\r\n\r\n"),
        format!("GET {conversation}?wait=1&after=0 HTTP/1.1\r\nHost: x\r\n\r\n"),
    ];
    for request in requests.iter().cycle().take(40) {
        let heard = send(&router.url, request).await.hear_to_the_end(PATIENCE).await;
        assert!(heard.starts_with("HTTP/1.1 20"), "{request}: {heard}");
        let (head, body) = heard.split_once("\r\n\r\n").expect("a head");
        assert!(head.contains(&format!("content-length: {}", body.len())), "{request}: {head}");
    }
}

#[tokio::test]
async fn a_stream_ends_when_its_client_sends_nothing_more() {
    let router = Router::start(env!("CARGO_BIN_EXE_local"), None, &[]);
    let conversation = Api::at(&router.url).create().await;
    let before = router.process.descriptors();
    let accept = "Host: x\r\nAccept: text/event-stream";
    let request = format!("GET {conversation} HTTP/1.1\r\n{accept}\r\n\r\n");
    let mut connection = send(&router.url, &request).await;
    connection.hear_to_the_end(PATIENCE).await;
    drop(connection);
    drop(send(&router.url, &request).await);
    until("both are freed", async || router.process.descriptors() <= before).await;
}

#[tokio::test]
async fn a_request_that_ends_too_early_is_not_waited_for() {
    let variables = &[("REQUEST_READ_TIMEOUT_SECONDS", "3600")];
    let router = Router::start(env!("CARGO_BIN_EXE_local"), None, variables);
    let start = "POST /api/conversations HTTP/1.1\r\nHost: x\r\n";
    for request in ["POST /".to_owned(), format!("{start}Content-Length: 9\r\n\r\n{{")] {
        send(&router.url, &request).await.hear_to_the_end(PATIENCE).await;
    }
}
