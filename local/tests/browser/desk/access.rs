//! Where the queue is off, and where tokens are on.

use testing::api::Api;
use testing::browser::Browser;
use testing::contract::{QUEUE, TOKENS};
use testing::token;
use thirtyfour::Key;

use super::window::Window;
use super::{serve, wait_as};

#[tokio::test]
async fn without_a_queue_the_page_says_how_to_switch_it_on() {
    let (browser, router) = (Browser::start(), serve(&[]));
    let desk = Window::open(&browser, &router.url, "").await;
    desk.displays("#off", true).await;
    desk.displays("#waiting", false).await;
    desk.reads("#off pre", "QUEUE=true cargo run").await;
}

#[tokio::test]
async fn a_token_is_asked_for_and_pasted() {
    let (browser, router) = (Browser::start(), serve(&[QUEUE, TOKENS]));
    let api = Api::at(&router.url).with_token(token::agent());
    let ada = wait_as(&api, "Ada").await;
    let desk = Window::open(&browser, &router.url, "").await;
    desk.reads("#token p", "This service asks agents for a token.").await;
    for (wrong, sentence) in [
        ("no token".to_owned(), "The token is not valid, or has ended."),
        (
            token::customer(&ada),
            "That token is not for the queue. It must be an agent\\'s, bound to no conversation.",
        ),
    ] {
        desk.write("#token input", wrong + Key::Enter).await;
        desk.until(
            &format!("return document.querySelector('#token p').innerText == '{sentence}'"),
            true,
        )
        .await;
        desk.displays("#token", true).await;
    }
    desk.write("#token input", token::agent_named("kim") + Key::Enter).await;
    desk.lists(1).await;
    desk.displays("#token", false).await;
    desk.reads("#waiting li dd", "Ada").await;
    desk.write("#name", "Kim").await;
    desk.take().await;
    desk.send("Hello").await;
    desk.shows(&["Hello"]).await;
}

#[tokio::test]
async fn a_token_in_the_address_is_used_and_taken_out_of_it() {
    let (browser, router) = (Browser::start(), serve(&[QUEUE, TOKENS]));
    let api = Api::at(&router.url).with_token(token::agent());
    wait_as(&api, "Ada").await;
    let desk = Window::open(&browser, &router.url, &format!("#token={}", token::agent())).await;
    desk.lists(1).await;
    desk.until("return location.href", format!("{}/desk", router.url)).await;
    assert_eq!(desk.run("return history.length").await, 2);
    // A reload of the tab keeps it.
    desk.0.refresh().await.expect("a reload");
    desk.lists(1).await;
    assert_eq!(desk.complaints().await, [""; 0]);
}
