//! The documented page in a browser, through what ends an `EventSource` elsewhere.

use testing::api::Api;
use testing::browser::Browser;
use testing::documented_page::DocumentedPage;
use testing::proxy::Proxy;
use testing::redis::RedisServer;
use testing::router::Router;

fn port(router: &Router) -> u16 {
    router.url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port")
}

fn start(redis: &RedisServer) -> Router {
    Router::start(env!("CARGO_BIN_EXE_local"), Some(&redis.url()), &[])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_goes_on_after_the_router_was_started_anew_while_redis_was_down() {
    let (browser, mut redis) = (Browser::start(), RedisServer::start());
    let router = start(&redis);
    // So that another router can be where this one was.
    let proxy = Proxy::to(port(&router)).await;
    let url = proxy.url().replace("redis://", "http://");
    let api = Api::at(&url);
    let conversation = api.create().await;
    let page = DocumentedPage::follow(&browser, &url, &conversation).await;
    api.send(&conversation, "before").await;
    page.shows(&["agent: before"]).await;

    redis.save();
    redis.kill();
    drop(router);
    let router = start(&redis);
    proxy.lead_to(port(&router));
    proxy.cut();
    // The page has come back, and waits for the store.
    let mut connections = proxy.connections();
    while proxy.connections() == connections {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    connections = proxy.connections();
    redis.restart();
    let api = Api::at(&router.url);
    api.send(&conversation, "after").await;
    page.shows(&["agent: before", "agent: after"]).await;
    assert!(proxy.connections() >= connections);
}
