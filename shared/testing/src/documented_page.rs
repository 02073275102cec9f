//! The pages that the API's documentation shows, opened from disk as a reader would.

use std::mem::ManuallyDrop;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use thirtyfour::prelude::*;
use tokio::time::{sleep, timeout};

use crate::browser::Browser;
use crate::wait::PATIENCE;

const DOCUMENTATION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../functions/API.md");
/// Where the documentation has the service run.
const DOCUMENTED_URL: &str = "http://localhost:3000";
/// The messages that the page shows.
const SHOWN: &str =
    "return [...document.querySelectorAll('#messages li')].map((item) => item.textContent)";

/// A window with one conversation.
pub struct DocumentedPage {
    window: ManuallyDrop<WebDriver>,
    /// Where the page is, if this made the file.
    _folder: Option<TempDir>,
}

impl DocumentedPage {
    /// Opens a copy of the page that follows, at the service at `url`, the conversation at a path.
    pub async fn follow(browser: &Browser, url: &str, conversation: &str) -> Self {
        Self::copy("follow.html", browser.window().await, url, conversation).await
    }

    /// Opens a copy of the page with a chat, of the conversation at a path, in a window.
    pub async fn chat(window: ManuallyDrop<WebDriver>, url: &str, conversation: &str) -> Self {
        Self::copy("chat.html", window, url, conversation).await
    }

    /// Opens the page at an address.
    pub async fn open(browser: &Browser, address: &str) -> Self {
        let window = browser.window().await;
        window.goto(address).await.expect("a page");
        Self { window, _folder: None }
    }

    async fn copy(
        name: &str,
        window: ManuallyDrop<WebDriver>,
        url: &str,
        conversation: &str,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(name);
        let page = documented_page(name).replace(DOCUMENTED_URL, url);
        std::fs::write(&file, page).expect("a file");
        let id = conversation.rsplit('/').next().expect("an id");
        window.goto(format!("file://{}#{id}", file.display())).await.expect("a page");
        Self { window, _folder: Some(folder) }
    }

    /// Types a text into the page, and Enter.
    pub async fn send(&self, text: &str) {
        let input = self.window.find(By::Css("input")).await.expect("an input");
        input.send_keys(text.to_owned() + Key::Enter).await.expect("keys");
    }

    /// Waits until the page shows these messages, and nothing else.
    pub async fn shows(&self, messages: &[&str]) {
        let shown = async {
            while self.shown().await != messages {
                sleep(Duration::from_millis(50)).await;
            }
        };
        if timeout(PATIENCE, shown).await.is_err() {
            panic!("{:?} and never {messages:?}", self.shown().await);
        }
    }

    /// Opens the same address in a new tab of the same browser, and goes on there.
    pub async fn open_again_in_a_new_tab(&self) {
        let address = self.window.current_url().await.expect("an address");
        let tab = self.window.new_tab().await.expect("a tab");
        self.window.switch_to_window(tab).await.expect("a window");
        self.window.goto(address.as_str()).await.expect("a page");
    }

    /// Runs a command of the Chrome DevTools Protocol.
    pub async fn command(&self, name: &str, parameters: Value) {
        self.window.cdp().send_raw(name, parameters).await.expect("a command of Chromium's");
    }

    /// Waits until an element reads so.
    pub async fn reads(&self, selector: &str, text: &str) {
        let script = format!("return document.querySelector('{selector}').textContent");
        let mut last = String::new();
        let reads = async {
            while last != text {
                sleep(Duration::from_millis(20)).await;
                let read = self.window.execute(&script, Vec::new()).await.expect("an element");
                last = read.convert().expect("a text");
            }
        };
        if timeout(PATIENCE, reads).await.is_err() {
            panic!("{selector} reads {last} and never {text}");
        }
    }

    async fn shown(&self) -> Vec<String> {
        let shown = self.window.execute(SHOWN, Vec::new()).await.expect("an array");
        shown.convert().expect("texts")
    }
}

/// The block of HTML whose first line names it.
fn documented_page(name: &str) -> String {
    let documentation = std::fs::read_to_string(DOCUMENTATION).expect("the documentation");
    let start = format!("```html\n<!doctype html><!-- {name} -->");
    let (_, rest) = documentation.split_once(&start).expect("a page");
    format!("<!doctype html>{}", rest.split("```").next().expect("its end"))
}
