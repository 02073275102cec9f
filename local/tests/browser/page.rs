//! A page in a window of a browser, and what any test does with one.

use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::time::Duration;

use serde_json::Value;
use testing::wait::PATIENCE;
use thirtyfour::prelude::*;
use tokio::time::{sleep, timeout};

pub struct Page(pub ManuallyDrop<WebDriver>);

impl Deref for Page {
    type Target = WebDriver;

    fn deref(&self) -> &WebDriver {
        &self.0
    }
}

impl Page {
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

    /// Waits until an element is shown, or is not.
    pub async fn displays(&self, selector: &str, expected: bool) {
        let script = format!("return document.querySelector('{selector}').checkVisibility()");
        self.until(&script, expected).await;
    }
}
