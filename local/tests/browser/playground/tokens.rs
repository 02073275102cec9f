//! Where tokens are on.

use testing::browser::Browser;
use testing::contract::TOKENS;
use testing::token;
use thirtyfour::Key;

use super::window::*;

#[tokio::test]
async fn the_link_makes_the_customer_and_a_token_the_agent() {
    let (browser, router) = (Browser::start(), serve(None, &[TOKENS]));
    let window = Window::open(&browser, &router.url).await;
    window.start().await;
    window.send(CUSTOMER, "Is anybody there?").await;
    window.pane_shows(CUSTOMER, &["Is anybody there?"]).await;
    window.displays("#agent .compose", false).await;
    window.displays("#agent .empty", false).await;
    window.give_token("no good").await;
    let refused = "A token is needed. The token is invalid, expired or not yet valid.";
    window.reads("#agent .problem", refused).await;
    window.give_token(&token::agent()).await;
    window.focuses("#agent textarea").await;
    window.send(AGENT, "I am.").await;
    window.shows(&["Is anybody there?", "I am."]).await;

    let link = window.link().await;
    let customer = Window::open(&browser, &link).await;
    customer.pane_shows(CUSTOMER, &["Is anybody there?", "I am."]).await;
    let (bare, _token) = link.rsplit_once('/').expect("a token in the link");
    let agent = Window::open(&browser, bare).await;
    agent.status("A token is needed").await;
    agent.displays("#customer .compose", false).await;
    agent.give_token(&token::agent()).await;
    agent.pane_shows(AGENT, &["Is anybody there?", "I am."]).await;
    agent.status("Live").await;
    agent.click("#agent [aria-label='Delete: I am.']").await;
    customer.pane_shows(CUSTOMER, &["Is anybody there?"]).await;
}

#[tokio::test]
async fn what_a_token_may_not_send_is_sent_with_the_next_one() {
    let (browser, router) = (Browser::start(), serve(None, &[TOKENS]));
    let window = Window::open(&browser, &router.url).await;
    window.start().await;
    // It may read, and is not the agent's.
    window.give_token(&token::customer(&window.path().await)).await;
    window.displays("#agent .compose", true).await;
    window.send(AGENT, "I am.").await;
    window.give_token(&token::agent()).await;
    window.shows(&["I am."]).await;
}

#[tokio::test]
async fn a_pasted_token_begins_a_conversation_where_that_takes_one() {
    let variables = &[TOKENS, ("OPEN_CREATION", "false")];
    let (browser, router) = (Browser::start(), serve(None, variables));
    let window = Window::open(&browser, &router.url).await;
    window.click("#invitation button").await;
    window.displays("#creation", true).await;
    window.focuses("#creation-token").await;
    window.press(token::agent() + Key::Enter).await;
    window.status("Live").await;
    window.send(CUSTOMER, "Is anybody there?").await;
    // It is the agent's as well.
    window.send(AGENT, "I am.").await;
    window.shows(&["Is anybody there?", "I am."]).await;
}
