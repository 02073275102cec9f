//! Takes the README's picture of the playground; `local/scripts/playground_picture.sh` runs it.
#![allow(clippy::expect_used)]

use serde_json::json;
use testing::api::{Api, TIMESTAMP};
use testing::browser::{Browser, window_size};
use testing::wait::until;

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
    let path = api.create().await;
    let id = path.rsplit('/').next().expect("an id");
    let browser = Browser::start();
    let window = browser.window().await;
    window_size(&window, "light", 1200, 880).await.expect("a size");
    window.goto(format!("{url}/#{id}")).await.expect("the page");
    for (sender, content) in CONVERSATION {
        let message = json!({"sender": sender, "content": content, "timestamp": TIMESTAMP});
        assert_eq!(api.post(&path, message.to_string()).await.status, 201);
    }
    let shown = format!(
        "return document.querySelectorAll('#agent .message').length == {}",
        CONVERSATION.len()
    );
    until("the page shows all messages", async || {
        window.execute(shown.as_str(), vec![]).await.expect("a script").json() == &json!(true)
    })
    .await;
    window.screenshot(picture.as_ref()).await.expect("a picture");
}
