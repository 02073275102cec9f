//! A page that follows a conversation by the very lines that the README shows.

use std::mem::ManuallyDrop;
use std::time::Duration;

use thirtyfour::prelude::*;
use tokio::time::{sleep, timeout};

use crate::browser::Browser;
use crate::wait::PATIENCE;

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
/// Where the README has the service run.
const DOCUMENTED_URL: &str = "http://localhost:3000";

/// A window that follows one conversation.
pub struct DocumentedPage(ManuallyDrop<WebDriver>);

impl DocumentedPage {
    /// Opens a page of the service at `url`, and follows there the conversation at a path.
    pub async fn follow(browser: &Browser, url: &str, conversation: &str) -> Self {
        let window = browser.window().await;
        // Any page of the same origin will do.
        window.goto(format!("{url}/api/conversations/none")).await.expect("a page");
        let id = conversation.rsplit('/').next().expect("an id");
        let lines = documented_lines().replace(DOCUMENTED_URL, url);
        let script = format!(
            "const conversationId = {id:?}; window.seen = [];
             const show = (id, text) => seen.push(text);
             const hide = (id) => seen.push(`deleted ${{id}}`);
             const countDownTo = (time) => {{ if (isNaN(time)) throw time; }};
             {lines}
             window.source = source;"
        );
        window.execute(script, Vec::new()).await.expect("the README's lines run");
        Self(window)
    }

    /// Waits until the page has shown this, and nothing else.
    pub async fn shows(&self, contents: &[&str]) {
        let shown = async {
            while self.seen().await != contents {
                sleep(Duration::from_millis(50)).await;
            }
        };
        if timeout(PATIENCE, shown).await.is_err() {
            panic!("{:?} and never {contents:?}", self.seen().await);
        }
    }

    async fn seen(&self) -> Vec<String> {
        let seen = self.0.execute("return window.seen", Vec::new()).await.expect("an array");
        seen.convert().expect("texts")
    }
}

/// The block of JavaScript that makes an `EventSource`.
fn documented_lines() -> String {
    let readme = std::fs::read_to_string(README).expect("the README");
    let blocks = readme.split("```js\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut blocks = blocks.filter(|block| block.contains("new EventSource("));
    blocks.next().expect("a block that follows").to_owned()
}
