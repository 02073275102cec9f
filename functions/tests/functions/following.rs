//! Following through the functions, each frozen as soon as it has answered.

use std::time::{Duration, Instant};

use crate::binaries::functions;
use reqwest::Method;
use serde_json::json;
use testing::api::{Api, answer};
use testing::contract::TOKENS;
use testing::gateway::{Gateway, Invocations};
use testing::redis::RedisServer;
use testing::token::{agent, seconds_from_now, with_claims};
use tokio::task::JoinSet;

async fn start(redis: &RedisServer) -> (Gateway, Api) {
    let gateway = Gateway::invoking(Invocations::Plain, functions(), &redis.url(), &[]).await;
    let api = Api::at(&gateway.url);
    (gateway, api)
}

fn channels(redis: &RedisServer) -> usize {
    redis.command(&["PUBSUB", "CHANNELS"]).matches("chat:2:{").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_has_unsubscribed_when_it_answers() {
    let redis = RedisServer::start();
    let (_gateway, api) = start(&redis).await;
    let conversation = api.create().await;
    let waits = format!("{conversation}?after=0&wait=1");
    for accept in ["application/json", "text/event-stream"] {
        let mut held = JoinSet::new();
        for _ in 0..4 {
            let request = api.request(Method::GET, &waits).header("Accept", accept);
            held.spawn(answer(request));
        }
        while channels(&redis) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        if accept == "text/event-stream" {
            // A batch is held for longer than the test likes to wait.
            api.send(&conversation, "hello").await;
        }
        while let Some(answer) = held.join_next().await {
            assert_eq!(answer.expect("an answer").status, 200, "{accept}");
        }
        // Nobody is left who could unsubscribe later.
        assert_eq!(channels(&redis), 0, "{accept}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_asked_for_while_the_store_is_away_has_the_browser_come_back() {
    let mut redis = RedisServer::start();
    let (_gateway, api) = start(&redis).await;
    let conversation = api.create().await;
    redis.kill();
    let request = api.request(Method::GET, &conversation).header("Accept", "text/event-stream");
    let batch = answer(request).await;
    assert_eq!((batch.status.as_u16(), batch.body.as_str()), (200, "retry: 3000\n\n:\n\n"));
    assert_eq!(batch.header("content-type"), "text/event-stream");
    assert_eq!(batch.header("x-accel-buffering"), "no");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_of_0_answers_a_follower_at_once_and_tells_it_when_to_come_back() {
    let redis = RedisServer::start();
    let variables = &[("FOLLOW_HOLD_SECONDS", "0"), ("FOLLOW_RETRY_MILLISECONDS", "12000")];
    let gateway = Gateway::invoking(Invocations::Plain, functions(), &redis.url(), variables).await;
    let api = Api::at(&gateway.url);
    let conversation = api.create().await;
    // Nothing has happened after the cursor of an empty conversation: else it would be held.
    let waiting = format!("{conversation}?after=0&wait=25");
    let stream = api.request(Method::GET, &conversation).header("Accept", "text/event-stream");
    let both = async { (api.get(&waiting).await, answer(stream).await) };
    let (waited, batch) =
        tokio::time::timeout(Duration::from_secs(20), both).await.expect("at once");
    assert_eq!(waited.json()["messages"], serde_json::json!([]));
    assert!(batch.body.starts_with("retry: 12000\n\n"), "{}", batch.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_held_no_longer_than_its_token_is_valid() {
    let redis = RedisServer::start();
    let url = redis.url();
    let gateway = Gateway::invoking(Invocations::Plain, functions(), &url, &[TOKENS]).await;
    let api = Api::at(&gateway.url).with_token(agent());
    let conversation = format!("{}?after=0&wait=25", api.create().await);
    for accept in ["application/json", "text/event-stream"] {
        let exp = seconds_from_now(3);
        let short = api.with_token(with_claims(&json!({"role": "agent", "exp": exp})));
        let asked = Instant::now();
        let held = short.request(Method::GET, &conversation).header("Accept", accept);
        assert_eq!(answer(held).await.status, 200, "{accept}");
        assert!(seconds_from_now(0) >= exp, "it was answered before its token ended");
        assert!(asked.elapsed().as_secs() < 20, "it was held for {:?}", asked.elapsed());
        short.get(&conversation).await.assert_error(401, "unauthorized");
    }
}
