//! Deletions, of a message and of all.

use testing::api::Api;
use testing::browser::Browser;
use thirtyfour::Key;

use super::window::*;

#[tokio::test]
async fn a_deletion_disappears_in_both_windows() {
    let (browser, router) = (Browser::start(), serve(None, &[]));
    let [one, other] = two_windows(&browser, &router.url).await;
    one.send(CUSTOMER, "a secret").await;
    one.send(CUSTOMER, "no secret").await;
    other.shows(&["a secret", "no secret"]).await;
    one.shows(&["a secret", "no secret"]).await;
    one.click("#customer [aria-label='Delete: a secret']").await;
    for window in [&one, &other] {
        window.shows(&["no secret"]).await;
    }
}

#[tokio::test]
async fn deleting_by_keyboard_keeps_the_focus_near() {
    let (browser, router) = (Browser::start(), serve(None, &[]));
    let window = Window::open(&browser, &router.url).await;
    window.start().await;
    for content in ["one", "two", "three"] {
        window.send(CUSTOMER, content).await;
    }
    window.shows(&["one", "two", "three"]).await;
    let focus = "document.querySelector(`#customer [aria-label='Delete: two']`).focus()";
    window.run(focus).await;
    window.press(Key::Enter).await;
    window.shows(&["one", "three"]).await;
    window.focuses("[aria-label='Delete: three']").await;
    window.press(Key::Enter).await;
    window.shows(&["one"]).await;
    window.focuses("[aria-label='Delete: one']").await;
    window.press(Key::Enter).await;
    window.shows(&[]).await;
    window.focuses("#customer textarea").await;
}

#[tokio::test]
async fn the_agent_deletes_the_whole_conversation() {
    let (browser, router) = (Browser::start(), serve(None, &[]));
    let [one, other] = two_windows(&browser, &router.url).await;
    one.send(CUSTOMER, "a secret").await;
    other.shows(&["a secret"]).await;
    let path = other.path().await;
    other.click("#agent summary").await;
    other.click(".delete-conversation").await;
    other.0.accept_alert().await.expect("a question");
    for window in [&one, &other] {
        window.reads("#invitation h2", "This conversation is gone").await;
        assert!(!window.0.source().await.expect("the page").contains("a secret</p>"));
    }
    assert_eq!(Api::at(&router.url).get(&path).await.status, 404);
    other.focuses("#invitation h2").await;
}

#[tokio::test]
async fn a_label_ends_where_a_character_ends() {
    let (browser, router) = (Browser::start(), serve(None, &[]));
    let window = Window::open(&browser, &router.url).await;
    window.start().await;
    let family = "👨‍👩‍👧‍👦";
    let content = format!("{}{family}!", "x".repeat(55));
    Api::at(&router.url).send(&window.path().await, &content).await;
    window.shows(&[&content]).await;
    let label = "return document.querySelector('#agent .delete').ariaLabel";
    window.until(label, format!("Delete: {}", "x".repeat(55))).await;
}
