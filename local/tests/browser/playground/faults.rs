//! The page while Redis or the router is away.

use testing::api::Api;
use testing::browser::Browser;
use testing::proxy::Proxy;
use testing::redis::{RedisServer, free_port};
use testing::router::Router;
use thirtyfour::Key;

use super::window::*;

const WAITING: &str = "Waiting for the service, trying again…";

fn port(router: &Router) -> u16 {
    router.url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port")
}

/// A way to a router, so that another one can be where it was.
async fn proxy(router: &Router) -> (Proxy, String) {
    let proxy = Proxy::to(port(router)).await;
    let url = proxy.url().replace("redis://", "http://");
    (proxy, url)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_redis_is_survived() {
    let mut redis = RedisServer::start();
    let (browser, router) = (Browser::start(), serve(Some(&redis), &[]));
    let [one, other] = two_windows(&browser, &router.url).await;
    one.send(CUSTOMER, "before").await;
    other.shows(&["before"]).await;
    redis.save();
    redis.restart();
    one.send(CUSTOMER, "after").await;
    for window in [&one, &other] {
        window.shows(&["before", "after"]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_redis_is_away_the_page_says_so_and_messages_wait_in_sight() {
    let mut redis = RedisServer::start();
    let (browser, router) = (Browser::start(), serve(Some(&redis), &[]));
    let [one, other] = two_windows(&browser, &router.url).await;
    redis.save();
    redis.kill();
    one.status(WAITING).await;
    other.0.refresh().await.expect("a reload");
    other.status(WAITING).await;
    one.send(CUSTOMER, "first").await;
    one.send(CUSTOMER, "second").await;
    one.reads("#customer .unsent .state", "Not sent yet, trying again…").await;
    one.pane_shows(CUSTOMER, &["unsent: first", "unsent: second"]).await;

    redis.restart();
    for window in [&one, &other] {
        window.shows(&["first", "second"]).await;
        window.status("Live").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_the_router_is_survived() {
    let redis = RedisServer::start();
    let (browser, router) = (Browser::start(), serve(Some(&redis), &[]));
    let (proxy, url) = proxy(&router).await;
    let [one, other] = two_windows(&browser, &url).await;
    one.send(CUSTOMER, "before").await;
    other.shows(&["before"]).await;
    proxy.lead_to(free_port());
    drop(router);
    proxy.cut();
    one.status(WAITING).await;
    one.send(CUSTOMER, "meanwhile").await;
    one.reads("#customer .unsent .state", "Not sent yet, trying again…").await;
    let router = serve(Some(&redis), &[]);
    proxy.lead_to(port(&router));
    for window in [&one, &other] {
        window.shows(&["before", "meanwhile"]).await;
        window.status("Live").await;
    }
    assert_eq!(Api::at(&router.url).contents(&one.path().await).await, ["before", "meanwhile"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_sent_to_a_conversation_that_is_gone_begins_a_new_one() {
    let (browser, router) = (Browser::start(), serve(None, &[]));
    let (proxy, url) = proxy(&router).await;
    let window = Window::open(&browser, &url).await;
    window.start().await;
    let link = window.link().await;
    window.send(CUSTOMER, "before").await;
    window.shows(&["before"]).await;
    proxy.lead_to(free_port());
    drop(router);
    proxy.cut();
    window.status(WAITING).await;
    window.send(CUSTOMER, "one").await;
    window.send(CUSTOMER, "two").await;
    window.write("#agent .compose textarea", "a draft").await;

    // In memory the conversation went with the router.
    let router = serve(None, &[]);
    proxy.lead_to(port(&router));
    window.reads("#invitation h2", "This conversation is gone").await;
    window.reads("#unsent", "customer: onecustomer: twoagent: a draft").await;
    window.focuses("#invitation h2").await;
    window.press(Key::Tab + (Key::Tab + (Key::Tab + Key::Enter))).await;
    window.shows(&["one", "two"]).await;
    assert_ne!(window.link().await, link);
    let draft = "return document.querySelector('#agent .compose textarea').value";
    window.until(draft, "a draft").await;
}
