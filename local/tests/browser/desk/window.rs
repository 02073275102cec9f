//! A window with the desk in it.

use std::mem::ManuallyDrop;
use std::time::Duration;

use serde_json::{Value, json};
use testing::browser::Browser;
use testing::wait::PATIENCE;
use thirtyfour::prelude::*;
use tokio::time::{sleep, timeout};

pub struct Window(pub ManuallyDrop<WebDriver>);

impl Window {
    /// Opens the desk of a router, with what follows in its address.
    pub async fn open(browser: &Browser, url: &str, rest: &str) -> Self {
        let driver = browser.window().await;
        driver.goto(format!("{url}/desk{rest}")).await.expect("the page");
        Self(driver)
    }

    /// Opens the desk of an agent with a name, once it follows the queue.
    pub async fn of(browser: &Browser, url: &str, name: &str) -> Self {
        let window = Self::open(browser, url, "").await;
        window.reads("#status", "Live").await;
        window.write("#name", name).await;
        window
    }

    pub async fn run(&self, script: &str) -> Value {
        self.0.execute(script, vec![]).await.expect("a script").json().clone()
    }

    pub async fn find(&self, selector: &str) -> WebElement {
        let found = self.0.find(By::Css(selector)).await;
        found.unwrap_or_else(|error| panic!("no {selector}: {error}"))
    }

    pub async fn click(&self, selector: &str) {
        self.find(selector).await.click().await.expect("a click");
    }

    /// Types into an element.
    pub async fn write(&self, selector: &str, keys: impl Into<TypingData>) {
        self.find(selector).await.send_keys(keys).await.expect("keys");
    }

    /// Types into what has the focus.
    pub async fn press(&self, keys: impl Into<TypingData>) {
        self.0.action_chain().send_keys(keys).perform().await.expect("keys");
    }

    /// Waits until a script returns a value.
    pub async fn until(&self, script: &str, expected: impl Into<Value>) {
        let expected = expected.into();
        let mut last = Value::Null;
        let holds = async {
            loop {
                last = self.run(script).await;
                if last == expected {
                    return;
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        if timeout(PATIENCE, holds).await.is_err() {
            panic!("{script}: {last} and never {expected}");
        }
    }

    /// Waits until an element reads so, as it is shown.
    pub async fn reads(&self, selector: &str, text: &str) {
        self.until(&format!("return document.querySelector('{selector}')?.innerText"), text).await;
    }

    /// Waits until an element is shown, or is not.
    pub async fn displays(&self, selector: &str, expected: bool) {
        let script = format!("return document.querySelector('{selector}').checkVisibility()");
        self.until(&script, expected).await;
    }

    /// Waits until so many conversations are listed as waiting.
    pub async fn lists(&self, count: usize) {
        self.until("return document.querySelectorAll('#waiting li').length", count).await;
    }

    /// Takes the conversation that has waited longest.
    pub async fn take(&self) {
        let opened = "return document.querySelectorAll('[role=tab]').length";
        let before = self.run(opened).await.as_u64().expect("a number");
        self.click("#waiting li button").await;
        self.until(opened, before + 1).await;
    }

    /// Writes to the customer whose conversation is shown.
    pub async fn send(&self, text: &str) {
        let shown = "[role=tabpanel]:not([hidden]) textarea";
        self.write(shown, text.to_owned() + Key::Enter).await;
    }

    /// Waits until the conversation that is shown has these messages, all of them sent.
    pub async fn shows(&self, contents: &[&str]) {
        let script = "const panel = document.querySelector('[role=tabpanel]:not([hidden])');
            return [...panel.querySelectorAll('.message')].map((message) =>
                (message.dataset.id ? '' : 'unsent: ')
                    + message.querySelector('.content').textContent)";
        self.until(script, json!(contents)).await;
    }

    /// What the browser has complained about since it was asked last.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.0.browser_log().await.expect("the browser's log");
        log.into_iter().map(|entry| format!("{}: {}", entry.level, entry.message)).collect()
    }
}
