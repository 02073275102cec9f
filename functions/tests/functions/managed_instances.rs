//! One process that answers many requests at once, as Lambda Managed Instances ask for.

use crate::binaries::functions;
use testing::api::Api;
use testing::gateway::{Gateway, Invocations};
use testing::redis::RedisServer;

#[tokio::test(flavor = "multi_thread")]
async fn fifteen_requests_that_are_held_keep_no_sixteenth_waiting() {
    let redis = RedisServer::start();
    let url = redis.url();
    let gateway = Gateway::invoking(Invocations::Concurrent, functions(), &url, &[]).await;
    let api = Api::at(&gateway.url);
    let [quiet, other] = [api.create().await, api.create().await];
    let held: Vec<_> = (0..15)
        .map(|_| {
            let (api, path) = (api.clone(), format!("{quiet}?after=0&wait=25"));
            tokio::spawn(async move { api.get(&path).await })
        })
        .collect();
    // Each is being held once its process has asked Redis for the conversation, and found nothing.
    testing::wait::wait_until("fifteen have looked", || {
        testing::redis::calls(&redis, "getrange") >= 15
    });
    assert!(api.contents(&other).await.is_empty());
    assert!(held.iter().all(|request| !request.is_finished()));

    api.send(&quiet, "hello").await;
    for request in held {
        let answer = request.await.expect("an answer");
        assert_eq!(answer.json()["messages"][0]["content"], "hello");
    }
}
