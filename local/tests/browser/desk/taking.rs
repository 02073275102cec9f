//! Agents who take conversations, and talk in them.

use serde_json::json;
use testing::api::Api;
use testing::browser::Browser;
use testing::contract::QUEUE;
use testing::wait::until;

use super::window::Window;
use super::{serve, wait_as, write};

const UNREAD: &str = "return [...document.querySelectorAll('[role=tab]')].map((tab) => tab.innerText.replace(/\\s+/g, ' '))";

#[tokio::test]
async fn of_two_agents_who_take_one_conversation_one_is_told_that_it_is_gone() {
    let (browser, router) = (Browser::start(), serve(&[QUEUE]));
    let api = Api::at(&router.url);
    for customer in ["Ada", "Bo", "Cy"] {
        wait_as(&api, customer).await;
    }
    let (one, other) = tokio::join!(
        Window::of(&browser, &router.url, "Kim"),
        Window::of(&browser, &router.url, "Lee")
    );
    one.lists(3).await;
    other.lists(3).await;
    one.reads("#waiting li dd", "Ada").await;

    // At the same moment, whatever the list then shows.
    let click = "const button = document.querySelector('#waiting li button');
        const rest = 1000 - Date.now() % 1000;
        setTimeout(() => button.click(), rest < 300 ? rest + 1000 : rest)";
    tokio::join!(one.run(click), other.run(click));
    one.lists(2).await;
    other.lists(2).await;
    let told = "const notice = document.querySelector('#notice').innerText;
        return notice || document.querySelectorAll('[role=tab]').length";
    let outcomes = [&one, &other];
    for window in outcomes {
        until("the outcome is told", async || window.run(told).await != json!(0)).await;
    }
    let (first, second) = (one.run(told).await, other.run(told).await);
    let gone = json!("It is gone: another agent took it first.");
    assert!(
        (first == gone && second == json!(1)) || (first == json!(1) && second == gone),
        "{first}, {second}"
    );
    // What is left, the loser can have.
    let loser = if first == gone { &one } else { &other };
    loser.take().await;
    loser.reads("#notice", "").await;
    one.lists(1).await;
    other.lists(1).await;
}

#[tokio::test]
async fn an_agent_talks_in_several_conversations_and_sees_what_is_unread() {
    let (browser, router) = (Browser::start(), serve(&[QUEUE]));
    let api = Api::at(&router.url);
    let (ada, bo) = (wait_as(&api, "Ada").await, wait_as(&api, "Bo").await);
    let desk = Window::of(&browser, &router.url, "Kim").await;
    desk.lists(2).await;
    desk.take().await;
    desk.take().await;
    desk.until(UNREAD, json!(["Ada", "Bo"])).await;

    write(&api, &bo, "Hello from Bo").await;
    desk.shows(&["Hello from Bo"]).await;
    desk.send("Hello Bo").await;
    desk.shows(&["Hello from Bo", "Hello Bo"]).await;
    write(&api, &ada, "Hello").await;
    write(&api, &ada, "Is anybody there?").await;
    desk.until(UNREAD, json!(["Ada 2 unread", "Bo"])).await;
    desk.click("[role=tab]:first-child").await;
    desk.shows(&["Hello", "Is anybody there?"]).await;
    desk.until(UNREAD, json!(["Ada", "Bo"])).await;
    until("the customer can tell what the agent has seen", async || {
        let there = api.changes(&ada, "0").await;
        there["seen"]["agent"] == there["cursor"]
    })
    .await;

    let shown = "[role=tabpanel]:not([hidden])";
    api.accepted(&ada, json!({"sender": "customer", "event": "typing"})).await;
    desk.displays(&format!("{shown} .typing span"), true).await;
    desk.send("I am.").await;
    desk.shows(&["Hello", "Is anybody there?", "I am."]).await;
    let cursor = api.changes(&ada, "0").await["cursor"].clone();
    api.accepted(&ada, json!({"sender": "customer", "event": "seen", "cursor": cursor})).await;
    desk.reads(&format!("{shown} .mine .state"), "Seen").await;

    // A reload loses none of it.
    desk.0.refresh().await.expect("a reload");
    desk.until(UNREAD, json!(["Ada", "Bo"])).await;
    desk.shows(&["Hello from Bo", "Hello Bo"]).await;
    assert_eq!(desk.run("return document.querySelector('#name').value").await, "Kim");
    assert_eq!(desk.complaints().await, [""; 0]);
}

#[tokio::test]
async fn a_conversation_is_closed_with_a_reason_and_leaves_the_desk() {
    let (browser, router) = (Browser::start(), serve(&[QUEUE]));
    let api = Api::at(&router.url);
    let ada = wait_as(&api, "Ada").await;
    let desk = Window::of(&browser, &router.url, "Kim").await;
    desk.lists(1).await;
    desk.take().await;
    desk.send("Goodbye").await;
    desk.write("[role=tabpanel] .close input", "solved").await;
    desk.click("[role=tabpanel] .close button").await;
    desk.reads("[role=tabpanel] .end span", "Closed by the agent: solved").await;
    desk.displays("[role=tabpanel] .compose", false).await;
    let events = api.changes(&ada, "0").await["events"].clone();
    assert_eq!((&events[1]["name"], &events[2]["reason"]), (&json!("Kim"), &json!("solved")));
    desk.click("[role=tabpanel] .end button").await;
    desk.displays("[role=tablist]", false).await;
    desk.until("return document.activeElement.id", "waiting-title").await;
}

#[tokio::test]
async fn a_fifth_conversation_waits_until_one_of_four_is_closed() {
    let (browser, router) = (Browser::start(), serve(&[QUEUE]));
    let api = Api::at(&router.url);
    for name in ["Ada", "Bo", "Cy", "Di", "Ed"] {
        wait_as(&api, name).await;
    }
    let desk = Window::of(&browser, &router.url, "Kim").await;
    desk.lists(5).await;
    for _ in 0..4 {
        desk.take().await;
    }
    desk.click("#waiting li button").await;
    desk.reads("#notice", "4 conversations are open. Close one first.").await;
    // Each has its connection, and there is one left for what is sent.
    desk.send("Hello Di").await;
    desk.shows(&["Hello Di"]).await;
    desk.click("[role=tabpanel]:not([hidden]) .close button").await;
    desk.displays("[role=tabpanel]:not([hidden]) .end", true).await;
    desk.take().await;
    desk.lists(0).await;
}

#[tokio::test]
async fn what_expires_leaves_the_list_and_ends_its_tab() {
    let variables = &[QUEUE, ("CONVERSATION_TTL_SECONDS", "3")];
    let (browser, router) = (Browser::start(), serve(variables));
    let api = Api::at(&router.url);
    let desk = Window::of(&browser, &router.url, "Kim").await;
    wait_as(&api, "Ada").await;
    desk.lists(1).await;
    desk.take().await;
    let left = wait_as(&api, "Bo").await;
    desk.lists(1).await;
    until("it has expired", async || api.get(&left).await.status == 404).await;
    desk.lists(0).await;
    desk.reads("[role=tabpanel] .end span", "The conversation has expired, or was deleted.").await;
    desk.click("[role=tabpanel] .end button").await;
}
