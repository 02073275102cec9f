//! Takes the README's picture of the playground; `local/scripts/pictures.sh` runs it.
#![allow(clippy::expect_used)]

use serde_json::json;
use testing::api::{Api, TIMESTAMP};
use testing::browser::{Browser, window_size};
use testing::wait::until;
use thirtyfour::{By, WebDriver};

const CONVERSATION: [(&str, &str); 5] = [
    ("customer", "Hi! My parcel says delivered, but nothing is here."),
    ("agent", "Hello! Could you tell me the order number?"),
    ("customer", "4711-20"),
    ("agent", "Thank you. It is with your neighbour at number 12, since ten this morning."),
    ("customer", "Found it. That was quick, thanks!"),
];

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(picture)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: playground_picture <url of a router> <file>");
        std::process::exit(2);
    };
    let api = Api::at(&url);
    let metadata = json!({"metadata": {"name": "Grace", "page": "/orders/4711-20"}});
    let created = api.create_with(metadata, "").await;
    let path = created.header("location").to_owned();
    let browser = Browser::start();
    let window = browser.window().await;
    window_size(&window, "light", 1200, 880).await.expect("a size");
    window.goto(format!("{url}/#{}", created.text("conversationId"))).await.expect("the page");
    let agent = window.find(By::Css("#agent .scroll")).await.expect("the agent's pane");
    agent.click().await.expect("a click");
    for (sender, content) in CONVERSATION {
        let message = json!({"sender": sender, "content": content, "timestamp": TIMESTAMP});
        assert_eq!(api.post(&path, message.to_string()).await.status, 201);
        if content == CONVERSATION[0].1 {
            api.accepted(&path, json!({"sender": "agent", "event": "joined", "name": "Ada"})).await;
        }
    }
    let seen = "return [...document.querySelectorAll('#customer .state')].at(-1)?.textContent";
    until("the customer's last message is seen", async || reads(&window, seen, "Seen").await).await;
    api.accepted(&path, json!({"sender": "agent", "event": "typing"})).await;
    let typing = "return document.querySelector('#customer .typing').textContent";
    until("the agent writes", async || reads(&window, typing, "The agent is writing").await).await;
    let still = "for (const one of document.getAnimations()) \
                     if (one instanceof CSSTransition) one.finish()";
    window.execute(still, vec![]).await.expect("a script");
    window.screenshot(picture.as_ref()).await.expect("a picture");
}

async fn reads(window: &WebDriver, script: &str, text: &str) -> bool {
    window.execute(script, vec![]).await.expect("a script").json() == &json!(text)
}
