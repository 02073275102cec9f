//! Takes the README's picture of the desk; `local/scripts/pictures.sh` runs it.
#![allow(clippy::expect_used)]

use std::time::Duration;

use serde_json::{Value, json};
use testing::api::{Api, TIMESTAMP};
use testing::browser::{Browser, window_size};
use testing::wait::until;
use thirtyfour::prelude::*;
use tokio::time::interval;

const CUSTOMERS: [(&str, &str, &str); 4] = [
    ("Ada", "4711-20", "/orders/4711-20"),
    ("Grace", "4711-31", "/checkout"),
    ("Alan", "4711-44", "/returns"),
    ("Edsger", "4711-52", "/"),
];

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
        eprintln!("usage: desk_picture <url of a router with QUEUE=true> <file>");
        std::process::exit(2);
    };
    let api = Api::at(&url);
    let browser = Browser::start();
    let window = browser.window().await;
    window_size(&window, "light", 1200, 880).await.expect("a size");
    window.goto(format!("{url}/desk")).await.expect("the page");
    window.find(By::Id("name")).await.expect("a field").send_keys("Kim").await.expect("keys");
    let mut paths = Vec::new();
    let mut pace = interval(Duration::from_secs(2));
    for (name, order, page) in CUSTOMERS {
        pace.tick().await;
        let metadata = json!({"metadata": {"name": name, "order": order, "page": page}});
        paths.push(api.create_with(metadata, "").await.header("location").to_owned());
    }
    let shows = async |selector: &str, count: usize| {
        let script = format!("return document.querySelectorAll('{selector}').length == {count}");
        until(selector, async || {
            window.execute(&script, vec![]).await.expect("a script").json() == &Value::Bool(true)
        })
        .await;
    };
    for taken in [1, 2] {
        shows("#waiting dl:not(:empty)", CUSTOMERS.len() - taken + 1).await;
        let button = window.find(By::Css("#waiting li button")).await.expect("a button");
        button.click().await.expect("a click");
        shows("[role=tab]", taken).await;
    }
    window.find(By::Css("[role=tab]")).await.expect("a tab").click().await.expect("a click");
    for (sender, content) in CONVERSATION {
        let message = json!({"sender": sender, "content": content, "timestamp": TIMESTAMP});
        assert_eq!(api.post(&paths[0], message.to_string()).await.status, 201);
    }
    let oldest = "return document.querySelector('#waiting time').innerText >= '0:09'";
    until("one has waited for a while", async || {
        window.execute(oldest, vec![]).await.expect("a script").json() == &Value::Bool(true)
    })
    .await;
    let question = json!({"sender": "customer", "content": "Hello?", "timestamp": TIMESTAMP});
    assert_eq!(api.post(&paths[1], question.to_string()).await.status, 201);
    let typing = json!({"sender": "customer", "event": "typing"});
    api.accepted(&paths[0], typing).await;
    shows(".unread:not([hidden])", 1).await;
    shows("[role=tabpanel]:not([hidden]) .message", CONVERSATION.len()).await;
    shows("[role=tabpanel]:not([hidden]) .typing span:not([hidden])", 1).await;
    window.screenshot(picture.as_ref()).await.expect("a picture");
}
