//! The documented chat, on the client `parley.js`, in Chromium and in Firefox.

use std::mem::ManuallyDrop;

use serde_json::json;
use testing::api::Api;
use testing::browser::Browser;
use testing::documented_page::DocumentedPage;
use testing::firefox::Firefox;
use testing::proxy::Proxy;
use testing::redis::{RedisServer, free_port};
use testing::router::Router;
use thirtyfour::WebDriver;

fn port(router: &Router) -> u16 {
    router.url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port")
}

fn start(redis: &RedisServer) -> Router {
    Router::start(env!("CARGO_BIN_EXE_local"), Some(&redis.url()), &[])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_goes_on_in_chromium_through_a_cut_and_a_restart() {
    let browser = Browser::start();
    goes_on(browser.window().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_goes_on_in_firefox_through_a_cut_and_a_restart() {
    let (_firefox, window) = Firefox::start().await;
    goes_on(window).await;
}

async fn goes_on(window: ManuallyDrop<WebDriver>) {
    let redis = RedisServer::start();
    let router = start(&redis);
    // So that another router can be where this one was.
    let proxy = Proxy::to(port(&router)).await;
    let url = proxy.url().replace("redis://", "http://");
    let api = Api::at(&router.url);
    let conversation = api.create().await;
    let page = DocumentedPage::chat(window, &url, &conversation).await;
    page.reads("#state", "live").await;
    page.send("one").await;
    page.shows(&["customer: one"]).await;
    api.send(&conversation, "two").await;
    page.shows(&["customer: one", "agent: two"]).await;

    proxy.cut();
    page.send("three").await;
    page.shows(&["customer: one", "agent: two", "customer: three"]).await;

    proxy.lead_to(free_port());
    drop(router);
    proxy.cut();
    page.reads("#state", "waiting").await;
    page.send("four").await;
    page.send("five").await;
    page.reads("#outbox", "four (pending)five (pending)").await;
    let router = start(&redis);
    proxy.lead_to(port(&router));
    let expected =
        ["customer: one", "agent: two", "customer: three", "customer: four", "customer: five"];
    page.shows(&expected).await;
    page.reads("#outbox", "").await;
    page.reads("#state", "live").await;
    assert_eq!(
        Api::at(&router.url).contents(&conversation).await,
        ["one", "two", "three", "four", "five"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_goes_on_when_the_network_is_back_and_the_page_is_thawed() {
    let (browser, redis) = (Browser::start(), RedisServer::start());
    let router = start(&redis);
    let api = Api::at(&router.url);
    let conversation = api.create().await;
    let page = DocumentedPage::chat(browser.window().await, &router.url, &conversation).await;
    page.reads("#state", "live").await;
    let network = |offline| json!({"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
    page.command("Network.enable", json!({})).await;
    page.command("Network.emulateNetworkConditions", network(true)).await;
    page.reads("#state", "waiting").await;
    page.send("one").await;
    api.send(&conversation, "two").await;
    page.command("Network.emulateNetworkConditions", network(false)).await;
    page.shows(&["agent: two", "customer: one"]).await;

    page.command("Page.setWebLifecycleState", json!({"state": "frozen"})).await;
    api.send(&conversation, "three").await;
    page.command("Page.setWebLifecycleState", json!({"state": "active"})).await;
    page.shows(&["agent: two", "customer: one", "agent: three"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_tabs_of_one_chromium_show_the_chat_and_send() {
    let browser = Browser::start();
    eight_tabs_show_the_chat_and_send(browser.window().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_tabs_of_one_firefox_show_the_chat_and_send() {
    let (_firefox, window) = Firefox::start().await;
    eight_tabs_show_the_chat_and_send(window).await;
}

/// A browser opens six connections to a host over HTTP/1.1, and each open stream is one of them.
async fn eight_tabs_show_the_chat_and_send(window: ManuallyDrop<WebDriver>) {
    let redis = RedisServer::start();
    let router = start(&redis);
    let conversation = Api::at(&router.url).create().await;
    let page = DocumentedPage::chat(window, &router.url, &conversation).await;
    let mut expected = Vec::new();
    for number in 1..=8 {
        page.reads("#state", "live").await;
        page.send(&number.to_string()).await;
        expected.push(format!("customer: {number}"));
        page.shows(&expected.iter().map(String::as_str).collect::<Vec<_>>()).await;
        page.open_again_in_a_new_tab().await;
    }
}
