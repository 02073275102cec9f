//! Event streams that are asked for while Redis is away: an error would end an `EventSource` for good.

use reqwest::Method;
use testing::api::Api;
use testing::events::EventSource;
use testing::redis::RedisServer;
use testing::router::Router;
use testing::wait::PATIENCE;
use tokio::time::timeout;

async fn conversation() -> (RedisServer, Router, Api, String) {
    let redis = RedisServer::start();
    let router = Router::start(env!("CARGO_BIN_EXE_local"), Some(&redis.url()), &[]);
    let api = Api::at(&router.url);
    let conversation = api.create().await;
    api.send(&conversation, "before").await;
    (redis, router, api, conversation)
}

#[tokio::test]
async fn a_stream_is_answered_at_once_and_goes_on_when_the_store_is_back() {
    let (mut redis, _router, api, conversation) = conversation().await;
    redis.save();
    redis.kill();
    let request = api.request(Method::GET, &conversation).header("Accept", "text/event-stream");
    let mut stream = request.send().await.expect("an answer");
    assert_eq!(stream.status(), 200);
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    assert_eq!(stream.headers()["x-accel-buffering"], "no");
    let first = stream.chunk().await.expect("a stream").expect("a piece");
    assert_eq!(first, "retry: 3000\n\n:\n\n");

    let mut source = EventSource::new(&api, &conversation);
    source.connect().await;
    redis.restart();
    let mut names = Vec::new();
    for _ in 0..2 {
        let event = timeout(PATIENCE, source.next_of_connection()).await.expect("an event");
        names.push(event.expect("the same connection").event);
    }
    assert_eq!(names, ["expires", "message"]);
    api.send(&conversation, "after").await;
    let event = timeout(PATIENCE, source.next_happening()).await.expect("the next message");
    assert_eq!(event.data["content"], "after");
}

#[tokio::test]
async fn a_stream_of_what_is_gone_when_the_store_is_back_says_so() {
    let (mut redis, _router, api, conversation) = conversation().await;
    redis.kill();
    let mut source = EventSource::new(&api, &conversation);
    source.connect().await;
    // Nothing was saved.
    redis.restart();
    let event = timeout(PATIENCE, source.next_of_connection()).await.expect("an event");
    assert_eq!(event.expect("the same connection").event, "expired");
    let end = timeout(PATIENCE, source.next_of_connection()).await.expect("an end");
    assert_eq!(end, None);
}

#[tokio::test]
async fn a_stream_from_a_cursor_that_was_never_given_out_ends_when_the_store_is_back() {
    let (mut redis, _router, api, conversation) = conversation().await;
    redis.save();
    redis.kill();
    let mut source = EventSource::after(&api, &conversation, "7");
    source.connect().await;
    redis.restart();
    let end = timeout(PATIENCE, source.next_of_connection()).await.expect("an end");
    assert_eq!(end, None);
}

#[tokio::test]
async fn an_open_stream_is_told_that_the_store_is_away_and_begins_anew_when_it_is_back() {
    let (mut redis, _router, api, conversation) = conversation().await;
    redis.save();
    let request = api.request(Method::GET, &conversation).header("Accept", "text/event-stream");
    let mut stream = request.send().await.expect("an answer");
    let mut text = String::new();
    let mut read_until = async |end: &str| {
        text.clear();
        while !text.contains(end) {
            let piece = timeout(PATIENCE, stream.chunk()).await.expect("a piece in time");
            let piece = piece.expect("a stream").expect("no end");
            text.push_str(&String::from_utf8_lossy(&piece));
        }
        text.clone()
    };
    read_until("event: message").await;
    redis.kill();
    read_until("retry: 3000\n\n:\n\n").await;
    redis.restart();
    let text = read_until("event: expires").await;
    assert!(!text.contains("event: message"), "{text}");
}
