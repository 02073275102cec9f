//! The end of a conversation's life.

use testing::browser::Browser;

use super::window::*;

#[tokio::test]
async fn the_expiry_runs_down_restarts_with_a_message_and_is_shown() {
    let (browser, router) = (Browser::start(), serve(None, &[("CONVERSATION_TTL_SECONDS", "3")]));
    let window = Window::open(&browser, &router.url).await;
    window.start().await;
    window.reads("#expiry", "expires in 0:02").await;
    window.send(CUSTOMER, "wait").await;
    window.reads("#expiry", "expires in 0:03").await;
    window.reads("#invitation h2", "This conversation is gone").await;
    assert!(!window.0.source().await.expect("the page").contains("wait</p>"));
    // Who was writing is told, and is one step from the next conversation.
    window.focuses("#invitation h2").await;

    // A link to it says the same, and offers a new one.
    window.0.refresh().await.expect("a reload");
    window.reads("#invitation h2", "This conversation is gone").await;
    window.start().await;
}
