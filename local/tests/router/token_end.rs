//! Streams and held requests end with the token that they were asked for with.

use std::time::Instant;

use reqwest::Method;
use serde_json::json;
use testing::api::{Api, answer};
use testing::contract::TOKENS;
use testing::events::EventSource;
use testing::redis::RedisServer;
use testing::router::Router;
use testing::token::{agent, seconds_from_now, with_claims};
use testing::wait::PATIENCE;
use tokio::time::timeout;

/// A router with tokens, and a conversation.
async fn conversation(redis: Option<&RedisServer>) -> (Router, Api, String) {
    let url = redis.map(RedisServer::url);
    let router = Router::start(env!("CARGO_BIN_EXE_local"), url.as_deref(), &[TOKENS]);
    let api = Api::at(&router.url).with_token(agent());
    let conversation = api.create().await;
    (router, api, conversation)
}

/// The same service, asked with a token that ends in three seconds, and that time.
fn ending(api: &Api) -> (Api, i64) {
    let exp = seconds_from_now(3);
    (api.with_token(with_claims(&json!({"role": "agent", "exp": exp}))), exp)
}

/// Reads a stream to its end, which must not come before its token's.
async fn read_to_the_end(source: &mut EventSource, exp: i64) {
    let reading = async { while source.next_of_connection().await.is_some() {} };
    timeout(PATIENCE, reading).await.expect("an end");
    assert!(seconds_from_now(0) >= exp, "the stream ended before its token");
}

#[tokio::test]
async fn a_stream_ends_with_its_token_and_is_then_refused() {
    let redis = RedisServer::start();
    for redis in [None, Some(&redis)] {
        let (_router, api, conversation) = conversation(redis).await;
        let (short, exp) = ending(&api);
        let mut source = EventSource::new(&short, &conversation);
        source.connect().await;
        api.send(&conversation, "hello").await;
        assert_eq!(source.next_happening().await.data["content"], "hello");
        read_to_the_end(&mut source, exp).await;
        short.get(&conversation).await.assert_error(401, "unauthorized");
        assert_eq!(api.contents(&conversation).await, ["hello"]);
    }
}

#[tokio::test]
async fn a_stream_that_waits_for_the_store_ends_with_its_token() {
    let mut redis = RedisServer::start();
    let (_router, api, conversation) = conversation(Some(&redis)).await;
    redis.kill();
    let (short, exp) = ending(&api);
    let mut source = EventSource::new(&short, &conversation);
    source.connect().await;
    read_to_the_end(&mut source, exp).await;
}

#[tokio::test]
async fn a_stream_whose_store_hangs_ends_with_its_token() {
    let redis = RedisServer::start();
    let (_router, api, conversation) = conversation(Some(&redis)).await;
    let (short, exp) = ending(&api);
    let mut source = EventSource::new(&short, &conversation);
    source.connect().await;
    redis.signal("STOP");
    read_to_the_end(&mut source, exp).await;
}

#[tokio::test]
async fn a_request_that_waits_is_answered_when_its_token_ends() {
    let (_router, api, conversation) = conversation(None).await;
    let (short, exp) = ending(&api);
    let asked = Instant::now();
    let waits = format!("{conversation}?after=0&wait=25");
    let held = answer(short.request(Method::GET, &waits)).await;
    assert_eq!((held.status.as_u16(), held.text("cursor").as_str()), (200, "0"));
    assert!(seconds_from_now(0) >= exp, "it was answered before its token ended");
    assert!(asked.elapsed().as_secs() < 20, "it was held for {:?}", asked.elapsed());
}
