//! A window with the playground in it.

use std::ops::Deref;

use crate::page::Page;
use serde_json::json;
use testing::Variables;
use testing::browser::Browser;
use testing::redis::RedisServer;
use testing::router::Router;
use thirtyfour::prelude::*;

pub const CUSTOMER: &str = "customer";
pub const AGENT: &str = "agent";

pub struct Window(pub Page);

pub fn serve(redis: Option<&RedisServer>, variables: Variables) -> Router {
    let url = redis.map(RedisServer::url);
    Router::start(env!("CARGO_BIN_EXE_local"), url.as_deref(), variables)
}

/// A window in which a conversation has been started, and one that was given its link.
pub async fn two_windows(browser: &Browser, url: &str) -> [Window; 2] {
    let one = Window::open(browser, url).await;
    one.start().await;
    let other = Window::open(browser, &one.link().await).await;
    other.status("Live").await;
    [one, other]
}

impl Deref for Window {
    type Target = Page;

    fn deref(&self) -> &Page {
        &self.0
    }
}

impl Window {
    pub async fn open(browser: &Browser, url: &str) -> Self {
        let driver = browser.window().await;
        driver.goto(url).await.expect("the page");
        Self(Page(driver))
    }

    /// Waits until an element reads so.
    pub async fn reads(&self, selector: &str, text: &str) {
        let script = format!("return document.querySelector('{selector}')?.textContent");
        self.until(&script, text).await;
    }

    /// Waits until an element has the focus.
    pub async fn focuses(&self, selector: &str) {
        self.until(&format!("return document.activeElement.matches(`{selector}`)"), true).await;
    }

    /// Begins a conversation.
    pub async fn start(&self) {
        self.click("#invitation button").await;
        self.status("Live").await;
    }

    pub async fn link(&self) -> String {
        self.0.current_url().await.expect("an address").into()
    }

    /// The path of the conversation that is shown.
    pub async fn path(&self) -> String {
        let link = self.link().await;
        let id = link.split('#').nth(1).and_then(|fragment| fragment.split('/').next());
        format!("/api/conversations/{}", id.expect("an id"))
    }

    pub async fn status(&self, text: &str) {
        self.reads("#status", text).await;
    }

    /// Types into a pane, and Enter.
    pub async fn send(&self, pane: &str, text: &str) {
        self.write(&format!("#{pane} .compose textarea"), text.to_owned() + Key::Enter).await;
    }

    /// Sends a text that takes long to type.
    pub async fn paste(&self, pane: &str, text: &str) {
        let script = format!(
            "const input = document.querySelector('#{pane} .compose textarea');
            input.value = arguments[0]; input.form.requestSubmit()"
        );
        self.0.execute(&script, vec![json!(text)]).await.expect("a script");
    }

    /// Pastes a token into the agent's pane, once it asks for one.
    pub async fn give_token(&self, token: &str) {
        self.displays("#agent .token", true).await;
        self.write("#agent-token", token.to_owned() + Key::Enter).await;
    }

    /// Waits until both panes show these messages as sent, and nothing else.
    pub async fn shows(&self, contents: &[&str]) {
        for pane in [CUSTOMER, AGENT] {
            self.pane_shows(pane, contents).await;
        }
    }

    /// Waits until a pane shows these messages as sent, and nothing else.
    pub async fn pane_shows(&self, pane: &str, contents: &[&str]) {
        let script = format!(
            "return [...document.querySelectorAll('#{pane} .message')].map((message) =>
                 (message.classList.contains('unsent') ? 'unsent: ' : '')
                     + message.querySelector('.content').textContent)"
        );
        self.until(&script, json!(contents)).await;
    }

    /// Waits until a pane has these lines about what has happened.
    pub async fn tells(&self, pane: &str, lines: &[&str]) {
        let script = format!(
            "return [...document.querySelectorAll('#{pane} .event')].map((line) => line.textContent)"
        );
        self.until(&script, json!(lines)).await;
    }

    /// What the browser has complained about since it was asked last.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.0.browser_log().await.expect("the browser's log");
        log.into_iter().map(|entry| format!("{}: {}", entry.level, entry.message)).collect()
    }
}
