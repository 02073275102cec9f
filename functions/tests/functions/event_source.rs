//! The documented page in a browser, following the functions while Redis is restarted.

use std::time::Duration;

use crate::binaries::functions;
use testing::api::Api;
use testing::browser::Browser;
use testing::documented_page::DocumentedPage;
use testing::gateway::{Gateway, Invocations};
use testing::redis::RedisServer;

#[tokio::test(flavor = "multi_thread")]
async fn a_page_goes_on_after_redis_was_away() {
    let (browser, mut redis) = (Browser::start(), RedisServer::start());
    let gateway = Gateway::invoking(Invocations::Plain, functions(), &redis.url(), &[]).await;
    let api = Api::at(&gateway.url);
    let conversation = api.create().await;
    let page = DocumentedPage::follow(&browser, &gateway.url, &conversation).await;
    api.send(&conversation, "before").await;
    page.shows(&["agent: before"]).await;

    redis.save();
    redis.kill();
    // Long enough for the page to ask while nobody answers.
    tokio::time::sleep(Duration::from_secs(1)).await;
    redis.restart();
    api.send(&conversation, "after").await;
    page.shows(&["agent: before", "agent: after"]).await;
}
