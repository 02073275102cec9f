//! The page that the API's documentation shows, opened from disk as a reader would.

use std::mem::ManuallyDrop;
use std::time::Duration;

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

/// A window that follows one conversation.
pub struct DocumentedPage {
    window: ManuallyDrop<WebDriver>,
    /// Where the page is, if this made the file.
    _folder: Option<TempDir>,
}

impl DocumentedPage {
    /// Opens a copy of the page that follows, at the service at `url`, the conversation at a path.
    pub async fn follow(browser: &Browser, url: &str, conversation: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("follow.html");
        let page = documented_page().replace(DOCUMENTED_URL, url);
        std::fs::write(&file, page).expect("a file");
        let id = conversation.rsplit('/').next().expect("an id");
        let mut opened = Self::open(browser, &format!("file://{}#{id}", file.display())).await;
        opened._folder = Some(folder);
        opened
    }

    /// Opens the page at an address.
    pub async fn open(browser: &Browser, address: &str) -> Self {
        let window = browser.window().await;
        window.goto(address).await.expect("a page");
        Self { window, _folder: None }
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

    async fn shown(&self) -> Vec<String> {
        let shown = self.window.execute(SHOWN, Vec::new()).await.expect("an array");
        shown.convert().expect("texts")
    }
}

/// The one block of HTML.
fn documented_page() -> String {
    let documentation = std::fs::read_to_string(DOCUMENTATION).expect("the documentation");
    let (_, rest) = documentation.split_once("```html\n").expect("a page");
    rest.split("```").next().expect("its end").to_owned()
}
