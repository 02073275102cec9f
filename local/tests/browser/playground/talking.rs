//! Both sides talk, in two windows.

use testing::api::Api;
use testing::browser::Browser;
use testing::firefox::Firefox;

use super::window::*;
use crate::page::Page;

#[tokio::test]
async fn two_windows_talk_to_each_other() {
    let (browser, router) = (Browser::start(), serve(None, &[]));
    let [one, other] = two_windows(&browser, &router.url).await;
    one.send(CUSTOMER, "Is anybody there?").await;
    other.shows(&["Is anybody there?"]).await;
    other.send(AGENT, "I am.").await;
    for window in [&one, &other] {
        window.shows(&["Is anybody there?", "I am."]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn firefox_and_chromium_talk_to_each_other() {
    let (browser, router) = (Browser::start(), serve(None, &[]));
    let (_firefox, driver) = Firefox::start().await;
    let one = Window::open(&browser, &router.url).await;
    one.start().await;
    driver.goto(one.link().await).await.expect("the page");
    let other = Window(Page(driver));
    other.status("Live").await;
    other.write("#agent .compose textarea", "I am").await;
    one.reads("#customer .typing", "The agent is writing").await;
    other.send(AGENT, " here.").await;
    one.shows(&["I am here."]).await;
    one.send(CUSTOMER, "Good.").await;
    for window in [&one, &other] {
        window.shows(&["I am here.", "Good."]).await;
    }
}

#[tokio::test]
async fn what_others_send_arrives() {
    let (browser, router) = (Browser::start(), serve(None, &[]));
    let window = Window::open(&browser, &router.url).await;
    window.start().await;
    window.send(CUSTOMER, "from here").await;
    window.shows(&["from here"]).await;
    Api::at(&router.url).send(&window.path().await, "from elsewhere").await;
    window.shows(&["from here", "from elsewhere"]).await;
}

#[tokio::test]
async fn a_reload_keeps_the_conversation() {
    let (browser, router) = (Browser::start(), serve(None, &[]));
    let window = Window::open(&browser, &router.url).await;
    window.start().await;
    window.send(CUSTOMER, "one").await;
    window.send(AGENT, "two").await;
    window.shows(&["one", "two"]).await;
    window.0.refresh().await.expect("a reload");
    window.shows(&["one", "two"]).await;
}

#[tokio::test]
async fn another_conversation_begins_in_the_same_window() {
    let (browser, router) = (Browser::start(), serve(None, &[]));
    let window = Window::open(&browser, &router.url).await;
    window.start().await;
    window.send(CUSTOMER, "one").await;
    window.shows(&["one"]).await;
    window.click("#new").await;
    window.displays("#invitation", true).await;
    window.start().await;
    window.shows(&[]).await;
    window.0.back().await.expect("the invitation");
    window.0.back().await.expect("the first conversation");
    window.shows(&["one"]).await;
}
