//! Answers that are given while the client is still sending: it gets to read them all the same.

use testing::api::{Api, message};
use testing::connection::Connection;
use testing::router::Router;
use testing::wait::PATIENCE;

const MEGABYTE: usize = 1024 * 1024;

/// A request that is answered at its head or soon after, and the status and the code it is told.
const EARLY: [(&str, &str, &str, &str); 6] = [
    ("POST", "/api/conversations", "413", "body_too_large"),
    ("POST", "/nowhere", "404", "route_not_found"),
    ("PUT", "/api/conversations", "405", "method_not_allowed"),
    ("POST", "/api/conversations\r\nHost: y", "400", "invalid_host"),
    ("GET", "/", "200", ""),
    ("OPTIONS", "/api/conversations", "200", ""),
];

/// The head of a request to `target`, and perhaps further lines after it.
fn head(method: &str, target: &str, headers: &str) -> String {
    let (path, more) = target.split_once("\r\n").unwrap_or((target, ""));
    let more = if more.is_empty() { String::new() } else { format!("{more}\r\n") };
    format!("{method} {path} HTTP/1.1\r\nHost: x\r\n{more}{headers}\r\n\r\n")
}

fn assert_told(heard: &str, status: &str, code: &str, what: &str) {
    let shown = &heard[..heard.len().min(600)];
    assert!(heard.starts_with(&format!("HTTP/1.1 {status} ")), "{what}: {shown}");
    assert!(heard.contains(code), "{what}: {shown}");
    assert!(!heard.contains("100 Continue"), "{what}: {shown}");
}

/// Sends a request as Node, Python and curl do: first all of it, and only then reads.
async fn send_all_then_read(url: &str, head: &str, body: &[u8], what: &str) -> String {
    let mut connection = Connection::open(url).await;
    assert!(connection.say(head.as_bytes()).await, "{what}");
    for part in body.chunks(64 * 1024) {
        assert!(connection.say(part).await, "a broken pipe: {what}");
    }
    connection.hear_to_the_end(PATIENCE).await
}

/// A chunked body of so many bytes.
fn chunked(length: usize) -> Vec<u8> {
    let mut body = Vec::new();
    for _ in 0..length / 65536 {
        body.extend_from_slice(b"10000\r\n");
        body.resize(body.len() + 65536, b'a');
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"0\r\n\r\n");
    body
}

#[tokio::test]
async fn a_client_that_sends_everything_first_reads_the_answer() {
    let router = Router::start(env!("CARGO_BIN_EXE_local"), None, &[]);
    for megabytes in [5, 20] {
        let length = megabytes * MEGABYTE;
        for (method, target, status, code) in EARLY {
            let what = format!("{method} {target}, {megabytes} MB");
            let known = head(method, target, &format!("Content-Length: {length}"));
            let heard = send_all_then_read(&router.url, &known, &vec![b'a'; length], &what).await;
            assert_told(&heard, status, code, &what);
            assert!(heard.contains("\r\nconnection: close\r\n"), "{what}");

            let what = format!("{what}, chunked");
            let unknown = head(method, target, "Transfer-Encoding: chunked");
            let heard = send_all_then_read(&router.url, &unknown, &chunked(length), &what).await;
            assert_told(&heard, status, code, &what);
            assert!(heard.contains("\r\nconnection: close\r\n"), "{what}");
        }
    }
}

#[tokio::test]
async fn a_client_whose_head_is_refused_reads_the_answer_too() {
    let router = Router::start(env!("CARGO_BIN_EXE_local"), None, &[]);
    let heads =
        ["no HTTP\r\n\r\n".to_owned(), format!("GET / HTTP/1.1\r\na: {}", "a".repeat(MEGABYTE))];
    for (head, status) in heads.into_iter().zip(["400", "431"]) {
        let heard = send_all_then_read(&router.url, &head, &vec![b'a'; 5 * MEGABYTE], status).await;
        assert_told(&heard, status, "", status);
    }
}

#[tokio::test]
async fn the_answer_is_there_before_the_body_has_come() {
    let router = Router::start(env!("CARGO_BIN_EXE_local"), None, &[]);
    for (method, target, status, code) in EARLY {
        let length = format!("Content-Length: {}", 5 * MEGABYTE);
        for expectation in ["", "\r\nExpect: 100-continue"] {
            let mut connection = Connection::open(&router.url).await;
            let head = head(method, target, &format!("{length}{expectation}"));
            assert!(connection.say(head.as_bytes()).await);
            let heard = connection.hear_to_the_end(PATIENCE).await;
            assert_told(&heard, status, code, &head);
        }
    }
}

#[tokio::test]
async fn a_client_that_waits_for_it_is_told_to_go_on_within_the_limits() {
    let router = Router::start(env!("CARGO_BIN_EXE_local"), None, &[]);
    let conversation = Api::at(&router.url).create().await;
    let body = message("hello");
    let headers = format!("Content-Length: {}\r\nExpect: 100-continue", body.len());
    let mut connection = Connection::open(&router.url).await;
    let head = head("POST", &format!("{conversation}/messages"), &headers);
    assert!(connection.say(head.as_bytes()).await);
    let (heard, _) = connection.hear(|heard| heard.ends_with(b"\r\n\r\n"), PATIENCE).await;
    assert_eq!(heard, b"HTTP/1.1 100 Continue\r\n\r\n");
    assert!(connection.say(body.as_bytes()).await);
    let (heard, _) = connection.hear(|heard| heard.ends_with(b"}"), PATIENCE).await;
    assert!(heard.starts_with(b"HTTP/1.1 201 "), "{}", String::from_utf8_lossy(&heard));
}

#[tokio::test]
async fn a_connection_goes_on_after_an_early_answer_to_a_body_that_was_there() {
    let router = Router::start(env!("CARGO_BIN_EXE_local"), None, &[]);
    let mut connection = Connection::open(&router.url).await;
    for (method, target, status, code) in EARLY.into_iter().skip(1) {
        let request = format!("{}hello", head(method, target, "Content-Length: 5"));
        assert!(connection.say(request.as_bytes()).await, "{request}");
        let is_whole = |heard: &[u8]| {
            let heard = String::from_utf8_lossy(heard).into_owned();
            let Some((head, body)) = heard.split_once("\r\n\r\n") else { return false };
            let length = head.split("content-length: ").nth(1).expect("a length");
            length.lines().next().is_some_and(|length| length == body.len().to_string())
        };
        let (heard, _) = connection.hear(is_whole, PATIENCE).await;
        assert_told(&String::from_utf8_lossy(&heard), status, code, &request);
    }
}

#[tokio::test]
async fn what_never_ends_is_cut_off() {
    let variables = &[("REQUEST_READ_TIMEOUT_SECONDS", "1")];
    let router = Router::start(env!("CARGO_BIN_EXE_local"), None, variables);
    let mut connection = Connection::open(&router.url).await;
    let head = head("POST", "/nowhere", "Content-Length: 1000000000000");
    assert!(connection.say(head.as_bytes()).await);
    let part = vec![b'a'; MEGABYTE];
    while connection.say(&part).await {}
}
