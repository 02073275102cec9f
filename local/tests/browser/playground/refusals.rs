//! Messages that the service refuses.

use serde_json::json;
use testing::api::Api;
use testing::browser::Browser;

use super::window::*;

#[tokio::test]
async fn a_message_that_is_refused_can_be_sent_again_or_dropped() {
    let variables = &[("MAX_CONVERSATION_BYTES", "1000")];
    let (browser, router) = (Browser::start(), serve(None, variables));
    let window = Window::open(&browser, &router.url).await;
    window.start().await;
    window.send(CUSTOMER, &"x".repeat(1000)).await;
    let refused = "Not sent. The conversation is full; the message was not added.";
    window.reads("#customer .refused .state", refused).await;
    window.click(".refused .retry").await;
    window.reads("#customer .refused .state", refused).await;
    window.click(".refused .delete").await;
    window.shows(&[]).await;
    window.focuses("#customer textarea").await;
}

#[tokio::test]
async fn a_message_that_is_too_long_can_be_made_shorter() {
    let (browser, router) = (Browser::start(), serve(None, &[]));
    let window = Window::open(&browser, &router.url).await;
    window.start().await;
    window.paste(CUSTOMER, &"x".repeat(20_000)).await;
    window.reads("#customer .problem", "A message was not sent.").await;
    // What is written meanwhile is not lost.
    window.write("#customer .compose textarea", "more").await;
    window.click(".refused .edit").await;
    window.focuses("#customer textarea").await;
    let length = "return document.querySelector('#customer .compose textarea').value.length";
    window.until(length, 20_005).await;
    window.reads("#customer .problem", "").await;
    window.find("#customer .compose textarea").await.clear().await.expect("an empty field");
    window.send(CUSTOMER, "short").await;
    window.shows(&["short"]).await;
}

#[tokio::test]
async fn what_a_closed_conversation_refuses_stays_in_sight() {
    let (browser, router) = (Browser::start(), serve(None, &[]));
    let window = Window::open(&browser, &router.url).await;
    window.start().await;
    window.paste(CUSTOMER, &"x".repeat(20_000)).await;
    window.displays(".refused .edit", true).await;
    let closed = json!({"sender": "agent", "event": "closed"});
    Api::at(&router.url).accepted(&window.path().await, closed).await;
    window.tells(CUSTOMER, &["Closed"]).await;
    let buttons =
        "return [...document.querySelectorAll('.refused button')].map((one) => one.className)";
    window.until(buttons, json!(["delete"])).await;
}
