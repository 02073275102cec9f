//! What axe-core finds in each state of the page, and whether it fits.

use serde_json::json;
use testing::api::Api;
use testing::browser::{Browser, window_size};
use testing::contract::TOKENS;
use thirtyfour::Key;

use super::window::*;

const SIZES: [(&str, u32, u32); 4] =
    [("light", 1200, 880), ("dark", 1200, 880), ("light", 390, 844), ("dark", 390, 844)];

/// Holds the page, as it stands, to axe-core's rules, in every size and color scheme.
async fn is_accessible(window: &Window, state: &str) {
    window.run(&testing::axe::script()).await;
    // Nothing on its way from one look to another.
    window.run("for (const one of document.getAnimations()) one.pause()").await;
    for (scheme, width, height) in SIZES {
        window_size(&window.0, scheme, width, height).await.expect("a size");
        window.until("return document.documentElement.scrollWidth <= innerWidth", true).await;
        let audit = "const done = arguments[arguments.length - 1];
            axe.run().then(({ violations }) => done(violations.map(({ id, nodes }) =>
                [id, ...nodes.map(({ html, failureSummary }) => html + failureSummary)])))";
        let found = window.0.execute_async(audit, vec![]).await.expect("an audit");
        assert_eq!(found.json(), &json!([]), "{state}, {scheme}, {width} pixels");
    }
}

#[tokio::test]
async fn axe_finds_nothing_while_both_sides_talk() {
    let (browser, router) = (Browser::start(), serve(None, &[]));
    let created = Api::at(&router.url).create_with(json!({"metadata": {"name": "Ada"}}), "").await;
    let link = format!("{}/#{}", router.url, created.text("conversationId"));
    let window = Window::open(&browser, &router.url).await;
    is_accessible(&window, "the invitation").await;
    window.0.goto(&link).await.expect("the conversation");
    window.status("Live").await;
    is_accessible(&window, "no messages").await;
    window.send(CUSTOMER, &"a long message ".repeat(20)).await;
    window.paste(CUSTOMER, &"x".repeat(20_000)).await;
    window.reads("#customer .problem", "A message was not sent.").await;
    window.click("#agent summary").await;
    window.write(".join input", "Ada".to_owned() + Key::Enter).await;
    window.tells(CUSTOMER, &["Ada joined"]).await;
    window.click("#agent summary").await;
    window.write("#customer .compose textarea", "h").await;
    window.reads("#agent .typing", "The customer is writing").await;
    is_accessible(&window, "all that there can be").await;
    window.write("#agent .end input", "solved".to_owned() + Key::Enter).await;
    window.tells(CUSTOMER, &["Ada joined", "Closed: solved"]).await;
    is_accessible(&window, "closed").await;
    let api = Api::at(&router.url);
    api.delete_conversation(&window.path().await).await;
    window.reads("#invitation h2", "This conversation is gone").await;
    is_accessible(&window, "gone").await;
}

#[tokio::test]
async fn axe_finds_nothing_where_tokens_are_asked_for() {
    let variables = &[TOKENS, ("OPEN_CREATION", "false")];
    let (browser, router) = (Browser::start(), serve(None, variables));
    let window = Window::open(&browser, &router.url).await;
    window.click("#invitation button").await;
    window.displays("#creation", true).await;
    is_accessible(&window, "a token to create").await;
    let created = Api::at(&router.url).with_token(testing::token::agent()).create().await;
    let id = created.rsplit('/').next().unwrap_or_default().to_owned();
    window.0.goto(format!("{}/#{id}", router.url)).await.expect("the conversation");
    window.status("A token is needed").await;
    is_accessible(&window, "a token to follow").await;
}
