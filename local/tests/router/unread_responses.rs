//! Clients that do not read what they have asked for.

use std::time::Duration;

use testing::api::Api;
use testing::connection::Connection;
use testing::router::Router;
use testing::wait::{PATIENCE, until};
use tokio::time::sleep;

const BINARY: &str = env!("CARGO_BIN_EXE_local");

/// Makes a conversation of nearly 4 MB.
pub async fn large_conversation(api: &Api) -> String {
    let conversation = api.create().await;
    for _ in 0..250 {
        api.send(&conversation, &"x".repeat(16_000)).await;
    }
    conversation
}

/// Asks so often that no buffers of the system hold the answers, and reads their beginning.
async fn ask(router: &Router, conversation: &str, header: &str) -> Connection {
    let mut client = Connection::open(&router.url).await;
    let request = format!("GET {conversation} HTTP/1.1\r\nHost: x\r\n{header}\r\n").repeat(10);
    assert!(client.say(request.as_bytes()).await);
    client.hear(|heard| heard.starts_with(b"HTTP/1.1 200"), PATIENCE).await;
    client
}

/// A client that asks for far more than buffers hold, and reads the beginning of it.
pub async fn unread(router: &Router) -> Connection {
    let conversation = large_conversation(&Api::at(&router.url)).await;
    ask(router, &conversation, "").await
}

#[tokio::test]
async fn clients_that_do_not_read_are_cut_off_and_their_memory_is_given_back() {
    const CLIENTS: usize = 60;
    const MARGIN_KIB: u64 = 32 * 1024;
    let router = Router::start(BINARY, None, &[("RESPONSE_WRITE_TIMEOUT_SECONDS", "1")]);
    let api = Api::at(&router.url);
    let conversation = large_conversation(&api).await;
    let (memory, descriptors) = (router.process.resident(), router.process.descriptors());
    let mut clients = Vec::new();
    for client in 0..CLIENTS {
        let header = if client % 2 == 0 { "" } else { "Accept: text/event-stream\r\n" };
        clients.push(ask(&router, &conversation, header).await);
    }
    until("all are cut off", async || router.process.descriptors() < descriptors + 5).await;
    // The allocator gives back what is free while it is used.
    let is_back = async || {
        api.get("/").await;
        router.process.resident() < memory + MARGIN_KIB
    };
    until("the memory is given back", is_back).await;
}

#[tokio::test]
async fn a_client_that_reads_slowly_is_not_cut_off() {
    let variables = &[("RESPONSE_WRITE_TIMEOUT_SECONDS", "2")];
    let router = Router::start(BINARY, None, variables);
    let conversation = large_conversation(&Api::at(&router.url)).await;
    let mut slow = ask(&router, &conversation, "").await;
    let before = router.process.descriptors();
    let _stalled = ask(&router, &conversation, "").await;
    let mut heard = 0;
    while router.process.descriptors() > before {
        let (part, _) = slow.hear(|heard| heard.len() >= 4096, PATIENCE).await;
        assert!(!part.is_empty(), "it was cut off after {heard} bytes");
        heard += part.len();
        sleep(Duration::from_millis(5)).await;
    }
    let (part, _) = slow.hear(|heard| heard.len() >= 4_000_000, PATIENCE).await;
    assert!(part.len() >= 4_000_000, "{}", part.len());
}
