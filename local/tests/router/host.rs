//! The header Host: one, and well-formed, whatever is asked for.

use testing::connection::Connection;
use testing::router::Router;
use testing::wait::PATIENCE;

const WELL_FORMED: [&str; 12] = [
    "",
    "x",
    ":",
    "example.com",
    "example.com:",
    "example.com:3000",
    "127.0.0.1:3000",
    "[::1]",
    "[::1]:3000",
    "[v1.a:b]",
    "under_score",
    "%C3%BC.example",
];
const MALFORMED: [&str; 14] = [
    "user@host",
    "a b",
    "a:b",
    "a:99x",
    "a:1:2",
    "[::1",
    "[::1]3000",
    "[::g]",
    "[::1%25eth0]",
    "[]",
    "a/b",
    "%zz",
    "%4",
    "\u{fc}",
];

async fn ask(url: &str, start: &str, headers: &str) -> String {
    let mut connection = Connection::open(url).await;
    let request = format!("{start}\r\n{headers}Connection: close\r\n\r\n");
    assert!(connection.say(request.as_bytes()).await);
    connection.hear_to_the_end(PATIENCE).await
}

fn assert_refused(heard: &str, what: &str) {
    assert!(heard.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{what}: {heard}");
    assert!(heard.ends_with("\"code\":\"invalid_host\"}"), "{what}: {heard}");
    let headers = [
        "\r\nx-request-id: ",
        "\r\nx-content-type-options: nosniff\r\n",
        "\r\naccess-control-allow-origin: *\r\n",
        "\r\ncontent-type: application/json\r\n",
    ];
    for header in headers {
        assert!(heard.contains(header), "{what}: {heard}");
    }
}

#[tokio::test]
async fn a_request_without_a_host_or_with_two_is_refused_on_every_route() {
    let router = Router::start(env!("CARGO_BIN_EXE_local"), None, &[]);
    let starts = [
        "GET / HTTP/1.1",
        "GET /openapi.json HTTP/1.1",
        "POST /api/conversations HTTP/1.1",
        "GET /api/conversations/x HTTP/1.1",
        "OPTIONS /api/conversations HTTP/1.1",
        "GET /nowhere HTTP/1.1",
        "PUT / HTTP/1.1",
    ];
    for start in starts {
        for hosts in ["", "Host: x\r\nHost: x\r\n"] {
            assert_refused(&ask(&router.url, start, hosts).await, start);
        }
    }
}

#[tokio::test]
async fn a_malformed_host_is_refused_and_a_well_formed_one_is_not() {
    let router = Router::start(env!("CARGO_BIN_EXE_local"), None, &[]);
    for host in MALFORMED {
        let heard = ask(&router.url, "GET / HTTP/1.1", &format!("Host: {host}\r\n")).await;
        assert_refused(&heard, host);
    }
    for host in WELL_FORMED {
        let heard = ask(&router.url, "GET / HTTP/1.1", &format!("Host: {host}\r\n")).await;
        assert!(heard.starts_with("HTTP/1.1 200 OK\r\n"), "{host}: {heard}");
    }
}

#[tokio::test]
async fn http_1_0_needs_no_host_and_a_whole_url_does() {
    let router = Router::start(env!("CARGO_BIN_EXE_local"), None, &[]);
    let heard = ask(&router.url, "GET / HTTP/1.0", "").await;
    assert!(heard.starts_with("HTTP/1.0 200 OK\r\n"), "{heard}");
    let heard = ask(&router.url, "GET http://x/ HTTP/1.1", "Host: x\r\n").await;
    assert!(heard.starts_with("HTTP/1.1 200 OK\r\n"), "{heard}");
    assert_refused(&ask(&router.url, "GET http://x/ HTTP/1.1", "").await, "without");
}
