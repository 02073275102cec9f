//! Ten thousand requests that make no sense, against the router as a process.
//!
//! Each is made from its number alone. Where one is answered as it should not be, the failure names
//! the kind and the number; `BAD_REQUESTS=1000000 cargo test --release -p local --test router bad_requests`
//! is a long run.

mod bodies;
mod framing;
mod heads;
mod kind;

use std::process::Command;
use std::sync::Arc;

use testing::api::Api;
use testing::connection::Connection;
use testing::router::Router;
use testing::wait::{PATIENCE, until};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use self::kind::{Kind, all};

const REQUESTS: usize = 10_000;
/// Requests after which the router has grown as far as it needs to for those that follow.
const WARM_UP: usize = 2_000;
const AT_ONCE: usize = 64;
/// What an allocator may keep of what the largest requests took, however many there were: half a
/// megabyte for each that may be under way.
const MARGIN_KIB: u64 = AT_ONCE as u64 * 512;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_bad_requests_neither_break_nor_hang_nor_grow_the_router() {
    let log = tempfile::NamedTempFile::new().expect("a file");
    let variables = &[("REQUEST_READ_TIMEOUT_SECONDS", "1"), ("MAX_CONVERSATION_BYTES", "65536")];
    let output = log.reopen().expect("the file");
    let binary = env!("CARGO_BIN_EXE_local");
    let mut command = Command::new(binary);
    command.envs(variables.iter().copied()).stderr(output);
    let mut router = Router::launch(command, None);
    let api = Api::at(&router.url);
    let conversation = api.create().await;
    let message = api.send(&conversation, "stays").await;

    let count = std::env::var("BAD_REQUESTS")
        .map_or(REQUESTS, |count| count.parse().expect("BAD_REQUESTS is a whole number"));
    ask(&router.url, &conversation, 0..WARM_UP).await;
    let (memory, descriptors) = (router.process.resident(), router.process.descriptors());
    ask(&router.url, &conversation, WARM_UP..count).await;

    assert!(router.process.0.try_wait().is_ok_and(|status| status.is_none()), "it has ended");
    until("connections are closed", async || router.process.descriptors() <= descriptors).await;
    let grown = router.process.resident().saturating_sub(memory);
    assert!(grown < MARGIN_KIB, "{grown} KiB more than after the first {WARM_UP}");
    let log = std::fs::read_to_string(log.path()).expect("the log");
    assert_eq!(log, "", "neither a panic nor an error");

    assert_eq!(api.get(&conversation).await.json()["messages"][0]["content"], "stays");
    assert_eq!(api.delete(&conversation, &message).await.status, 200);
    let other = api.create().await;
    let sent = api.send(&other, "hello").await;
    assert_eq!(api.contents(&other).await, ["hello"]);
    assert_eq!(api.delete(&other, &sent).await.status, 200);
}

/// Sends the requests of these numbers, many at once, and holds each answer to be none of a fault.
async fn ask(url: &str, conversation: &str, numbers: std::ops::Range<usize>) {
    let kinds = all();
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut clients = JoinSet::new();
    for number in numbers {
        let place = places.clone().acquire_owned().await.expect("places");
        let kind = kinds[number % kinds.len()];
        let (url, conversation) = (url.to_owned(), conversation.to_owned());
        clients.spawn(async move {
            ask_one(&url, &conversation, kind, number).await;
            drop(place);
        });
        while let Some(client) = clients.try_join_next() {
            client.expect("a bad request is answered or refused");
        }
    }
    while let Some(client) = clients.join_next().await {
        client.expect("a bad request is answered or refused");
    }
}

async fn ask_one(url: &str, conversation: &str, kind: Kind, number: usize) {
    let mut random = fastrand::Rng::with_seed(number as u64);
    let request = (kind.make)(&mut random, conversation);
    let mut connection = Connection::open(url).await;
    connection.say(&request).await;
    // Of those that are cut short, most say so; the others leave it to the router to find out.
    let is_over = kind.is_cut_short && random.u8(..) < 240;
    if is_over {
        connection.finish().await;
    }
    let is_head = |heard: &[u8]| !is_over && heard.windows(4).any(|end| end == b"\r\n\r\n");
    let (heard, in_time) = connection.hear(is_head, PATIENCE).await;

    let which = || {
        let start = String::from_utf8_lossy(&request[..request.len().min(300)]).into_owned();
        format!("{} {number}: {start:?} ({} bytes)", kind.name, request.len())
    };
    assert!(in_time, "neither answered nor closed: {}", which());
    for fault in [b"HTTP/1.1 5", b"HTTP/1.0 5"] {
        let faulty = heard.windows(fault.len()).any(|part| part == fault);
        assert!(!faulty, "{}: {}", which(), String::from_utf8_lossy(&heard));
    }
}
