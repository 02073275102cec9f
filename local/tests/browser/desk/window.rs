//! A window with the desk in it.

use std::ops::Deref;

use crate::page::Page;
use serde_json::json;
use testing::browser::Browser;
use thirtyfour::prelude::*;

pub struct Window(pub Page);

impl Deref for Window {
    type Target = Page;

    fn deref(&self) -> &Page {
        &self.0
    }
}

impl Window {
    /// Opens the desk of a router, with what follows in its address.
    pub async fn open(browser: &Browser, url: &str, rest: &str) -> Self {
        let driver = browser.window().await;
        driver.goto(format!("{url}/desk{rest}")).await.expect("the page");
        Self(Page(driver))
    }

    /// Opens the desk of an agent with a name, once it follows the queue.
    pub async fn of(browser: &Browser, url: &str, name: &str) -> Self {
        let window = Self::open(browser, url, "").await;
        window.reads("#status", "Live").await;
        window.write("#name", name).await;
        window
    }

    /// Waits until an element reads so, as it is shown.
    pub async fn reads(&self, selector: &str, text: &str) {
        self.until(&format!("return document.querySelector('{selector}')?.innerText"), text).await;
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
