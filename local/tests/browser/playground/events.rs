//! What the sides do beside writing.

use serde_json::json;
use testing::api::{Api, TIMESTAMP};
use testing::browser::Browser;
use thirtyfour::Key;

use super::window::*;

#[tokio::test]
async fn each_side_sees_that_the_other_one_writes() {
    let (browser, router) = (Browser::start(), serve(None, &[]));
    let [one, other] = two_windows(&browser, &router.url).await;
    one.write("#customer .compose textarea", "h").await;
    for window in [&one, &other] {
        window.reads("#agent .typing", "The customer is writing").await;
        window.reads("#customer .typing", "").await;
    }
    other.write("#agent .compose textarea", "h").await;
    one.reads("#customer .typing", "The agent is writing").await;
    // Its message ends it.
    one.write("#customer .compose textarea", "i".to_owned() + Key::Enter).await;
    other.shows(&["hi"]).await;
    other.reads("#agent .typing", "").await;
}

#[tokio::test]
async fn what_the_other_side_has_seen_is_marked() {
    let (browser, router) = (Browser::start(), serve(None, &[]));
    let [one, other] = two_windows(&browser, &router.url).await;
    one.send(CUSTOMER, "one").await;
    one.send(CUSTOMER, "two").await;
    other.shows(&["one", "two"]).await;
    other.reads("#agent .unread", "2 unread").await;
    let states = "return [...document.querySelectorAll('#customer .mine .state')].map((one) => one.textContent)";
    one.until(states, json!(["", ""])).await;
    other.click("#agent .scroll").await;
    other.reads("#agent .unread", "").await;
    one.until(states, json!(["", "Seen"])).await;
    one.reads("#agent .unread", "").await;
}

#[tokio::test]
async fn the_agent_joins_and_the_customer_ends_the_conversation() {
    let (browser, router) = (Browser::start(), serve(None, &[]));
    let [one, other] = two_windows(&browser, &router.url).await;
    other.click("#agent summary").await;
    other.write(".join input", "Ada".to_owned() + Key::Enter).await;
    for window in [&one, &other] {
        window.tells(CUSTOMER, &["Ada joined"]).await;
        window.tells(AGENT, &["Ada joined"]).await;
    }
    other.displays(".join", false).await;

    one.click("#customer summary").await;
    one.write("#customer .end input", "solved".to_owned() + Key::Enter).await;
    for window in [&one, &other] {
        for pane in [CUSTOMER, AGENT] {
            window.tells(pane, &["Ada joined", "Closed: solved"]).await;
            window.displays(&format!("#{pane} .compose"), false).await;
        }
    }
    one.focuses("#customer .scroll").await;
}

#[tokio::test]
async fn the_agent_sees_what_the_conversation_began_with() {
    let (browser, router) = (Browser::start(), serve(None, &[]));
    let window = Window::open(&browser, &router.url).await;
    window.write("#metadata", "name: Ada").await;
    window.click("#invitation button").await;
    window
        .reads("#outcome", "This is not JSON. A JSON object looks like {\"name\": \"Ada\"}.")
        .await;
    window.find("#metadata").await.clear().await.expect("an empty field");
    window.write("#metadata", r#"{"name": "Ada", "order": {"number": 4711}}"#).await;
    window.start().await;
    let rows = "return [...document.querySelectorAll('.metadata div')].map((row) => row.innerText)";
    window.until(rows, json!(["name\nAda", "order\n{\"number\":4711}"])).await;
}

#[tokio::test]
async fn each_side_has_its_own_count_of_what_it_has_not_seen() {
    let (browser, router) = (Browser::start(), serve(None, &[]));
    let api = Api::at(&router.url);
    let path = api.create().await;
    for _ in 0..2 {
        api.send(&path, "from the agent").await;
        let message = json!({"sender": "customer", "content": "hello", "timestamp": TIMESTAMP});
        api.post(&path, message.to_string()).await;
    }
    let link = format!("{}/#{}", router.url, path.rsplit('/').next().expect("an id"));
    let window = Window::open(&browser, &link).await;
    window.reads("#customer .unread", "2 unread").await;
    window.reads("#agent .unread", "2 unread").await;
}
