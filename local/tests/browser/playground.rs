//! The playground in a real browser.

use std::mem::ManuallyDrop;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use testing::Variables;
use testing::api::Api;
use testing::browser::{Browser, window_size};
use testing::contract::TOKENS;
use testing::redis::RedisServer;
use testing::router::Router;
use testing::token;
use testing::wait::PATIENCE;
use thirtyfour::prelude::*;
use tokio::time::{sleep, timeout};

const CUSTOMER: &str = "customer";
const AGENT: &str = "agent";

/// A window with the playground in it.
struct Window(ManuallyDrop<WebDriver>);

fn serve(redis: Option<&RedisServer>, variables: Variables) -> Router {
    let url = redis.map(RedisServer::url);
    Router::start(env!("CARGO_BIN_EXE_local"), url.as_deref(), variables)
}

/// A window in which a conversation has been started, and one that was given its link.
async fn two_windows(browser: &Browser, router: &Router) -> [Window; 2] {
    let one = Window::open(browser, &router.url).await;
    one.start().await;
    let other = Window::open(browser, &one.link().await).await;
    other.status("Live").await;
    [one, other]
}

impl Window {
    async fn open(browser: &Browser, url: &str) -> Self {
        let driver = browser.window().await;
        driver.goto(url).await.expect("the page");
        Self(driver)
    }

    async fn run(&self, script: &str) -> Value {
        self.0.execute(script, vec![]).await.expect("a script").json().clone()
    }

    async fn find(&self, selector: &str) -> WebElement {
        let found = self.0.find(By::Css(selector)).await;
        found.unwrap_or_else(|error| panic!("no {selector}: {error}"))
    }

    /// Waits until a script returns a value.
    async fn until(&self, script: &str, expected: Value) {
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

    async fn start(&self) {
        self.find("#invitation button").await.click().await.expect("a click");
        self.status("Live").await;
    }

    async fn link(&self) -> String {
        self.0.current_url().await.expect("an address").into()
    }

    async fn status(&self, text: &str) {
        self.until("return document.querySelector('#status').innerText", json!(text)).await;
    }

    /// Types into a pane, and Enter.
    async fn send(&self, pane: &str, text: &str) {
        let input = self.find(&format!("#{pane} textarea")).await;
        input.send_keys(text.to_owned() + Key::Enter).await.expect("keys");
    }

    /// Pastes a token into the agent's pane, once it asks for one.
    async fn give_token(&self, token: &str) {
        self.until(&displays("#token"), json!(true)).await;
        let input = self.find("#token input").await;
        input.send_keys(token.to_owned() + Key::Enter).await.expect("keys");
    }

    /// Waits until both panes show these messages as sent, and nothing else.
    async fn shows(&self, contents: &[&str]) {
        for pane in [CUSTOMER, AGENT] {
            let script = format!(
                "return [...document.querySelectorAll('#{pane} .message')].map((message) =>
                     (message.classList.contains('unsent') ? 'unsent: ' : '')
                         + message.querySelector('.content').textContent)"
            );
            self.until(&script, json!(contents)).await;
        }
    }

    /// What the browser has complained about since it was asked last.
    async fn complaints(&self) -> Vec<String> {
        let log = self.0.browser_log().await.expect("the browser's log");
        log.into_iter().map(|entry| format!("{}: {}", entry.level, entry.message)).collect()
    }
}

/// Whether an element is shown.
fn displays(selector: &str) -> String {
    format!("return document.querySelector('{selector}').checkVisibility()")
}

#[tokio::test]
async fn it_loads_without_a_complaint_of_the_browser() {
    let (browser, router) = (Browser::start(), serve(None, &[]));
    let window = Window::open(&browser, &router.url).await;
    assert_eq!(window.0.title().await.expect("a title"), "Parley playground");
    window.start().await;
    window.send(CUSTOMER, "hello").await;
    window.shows(&["hello"]).await;
    assert_eq!(window.complaints().await, [""; 0]);

    // The policy is in force: what it does not know by its hash does not run, and says so.
    let denied =
        "try { document.body.innerHTML = '<b>x</b>'; return 'taken' } catch { return 'denied' }";
    assert_eq!(window.run(denied).await, "denied");
    assert_eq!(window.complaints().await.len(), 1);
}

#[tokio::test]
async fn it_is_one_answer_that_allows_nothing_but_itself() {
    let router = serve(None, &[]);
    let page = Api::at(&router.url).get("/").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert!(!page.header("x-request-id").is_empty());
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    for allowed in ["unsafe", "http", "*"] {
        assert!(!policy.contains(allowed), "{policy}");
    }
    assert!(page.body.len() < 30_000, "{} bytes", page.body.len());
}

#[tokio::test]
async fn two_windows_talk_to_each_other() {
    let (browser, router) = (Browser::start(), serve(None, &[]));
    let [one, other] = two_windows(&browser, &router).await;
    one.send(CUSTOMER, "Is anybody there?").await;
    other.shows(&["Is anybody there?"]).await;
    other.send(AGENT, "I am.").await;
    for window in [&one, &other] {
        window.shows(&["Is anybody there?", "I am."]).await;
    }
}

#[tokio::test]
async fn with_tokens_the_link_makes_the_customer_and_a_token_the_agent() {
    let (browser, router) = (Browser::start(), serve(None, &[TOKENS]));
    let window = Window::open(&browser, &router.url).await;
    window.start().await;
    window.send(CUSTOMER, "Is anybody there?").await;
    window.shows(&["Is anybody there?"]).await;
    window.until(&displays("#agent .compose"), json!(false)).await;
    window.give_token("no good").await;
    window.send(AGENT, "I am.").await;
    // It is asked for again, and the message can be sent again.
    window.give_token(&token::agent()).await;
    window.find("#agent .failed .retry").await.click().await.expect("a click");
    window.shows(&["Is anybody there?", "I am."]).await;

    let link = window.link().await;
    let customer = Window::open(&browser, &link).await;
    customer.shows(&["Is anybody there?", "I am."]).await;

    let (bare, _token) = link.rsplit_once('/').expect("a token in the link");
    let agent = Window::open(&browser, bare).await;
    agent.status("A token is needed").await;
    agent.give_token(&token::agent()).await;
    agent.shows(&["Is anybody there?", "I am."]).await;
    agent.until(&displays("#customer .compose"), json!(false)).await;
    agent.find("#agent [aria-label='Delete: I am.']").await.click().await.expect("a click");
    customer.shows(&["Is anybody there?"]).await;
}

#[tokio::test]
async fn what_curl_sends_arrives_and_the_lines_shown_are_curl_lines() {
    let (browser, router) = (Browser::start(), serve(None, &[]));
    let window = Window::open(&browser, &router.url).await;
    window.start().await;
    window.send(CUSTOMER, "it's $HOME").await;
    window.shows(&["it's $HOME"]).await;

    // Run once more as it stands there, the line is a replay: the key keeps it from being doubled.
    let line = window.run("return document.querySelector('#requests code').textContent").await;
    let line = line.as_str().expect("a line");
    let output = Command::new("sh").args(["-c", line]).output();
    let output = String::from_utf8(output.expect("curl").stdout).expect("text");
    assert!(output.contains("Message added successfully"), "{line}: {output}");

    let path = window.link().await.replace("/#", "/api/conversations/").replace(&router.url, "");
    let api = Api::at(&router.url);
    assert_eq!(api.contents(&path).await, ["it's $HOME"]);
    api.send(&path, "from elsewhere").await;
    window.shows(&["it's $HOME", "from elsewhere"]).await;
}

#[tokio::test]
async fn a_deletion_disappears_in_both_windows() {
    let (browser, router) = (Browser::start(), serve(None, &[]));
    let [one, other] = two_windows(&browser, &router).await;
    one.send(CUSTOMER, "a secret").await;
    one.send(CUSTOMER, "no secret").await;
    other.shows(&["a secret", "no secret"]).await;
    one.shows(&["a secret", "no secret"]).await;
    one.find("#customer [aria-label='Delete: a secret']").await.click().await.expect("a click");
    for window in [&one, &other] {
        window.shows(&["no secret"]).await;
    }
}

#[tokio::test]
async fn a_reload_keeps_the_conversation() {
    let (browser, router) = (Browser::start(), serve(None, &[]));
    let window = Window::open(&browser, &router.url).await;
    window.start().await;
    window.send(CUSTOMER, "one").await;
    window.send(AGENT, "two").await;
    window.shows(&["one", "two"]).await;
    window.0.refresh().await.expect("a reload");
    window.shows(&["one", "two"]).await;
}

#[tokio::test]
async fn the_keyboard_alone_will_do() {
    let (browser, router) = (Browser::start(), serve(None, &[]));
    let window = Window::open(&browser, &router.url).await;
    let press = async |keys: TypingData| {
        window.0.action_chain().send_keys(keys).perform().await.expect("keys");
    };
    press(Key::Tab + "").await;
    press(Key::Enter + "").await;
    window.status("Live").await;
    window.until("return document.activeElement.placeholder", json!("Write as the customer")).await;

    let input = window.find("#customer textarea").await;
    input.send_keys("two" + (Key::Shift + Key::Enter)).await.expect("keys");
    press("lines" + Key::Enter).await;
    window.shows(&["two\nlines"]).await;
}

#[tokio::test]
async fn a_script_in_a_message_stays_text() {
    let (browser, router) = (Browser::start(), serve(None, &[]));
    let [one, other] = two_windows(&browser, &router).await;
    let scripts = [
        "<img src=x onerror=\"document.title='taken'\">",
        "<script>document.title='taken'</script>",
    ];
    for script in scripts {
        one.send(CUSTOMER, script).await;
    }
    for window in [&one, &other] {
        window.shows(&scripts).await;
        let elements =
            window.run("return document.querySelectorAll('main :is(img, script)').length");
        assert_eq!(elements.await, 0);
        assert_eq!(window.0.title().await.expect("a title"), "Parley playground");
        assert_eq!(window.complaints().await, [""; 0]);
    }
}

#[tokio::test]
async fn a_restart_of_redis_is_survived() {
    let mut redis = RedisServer::start();
    let (browser, router) = (Browser::start(), serve(Some(&redis), &[]));
    let [one, other] = two_windows(&browser, &router).await;
    one.send(CUSTOMER, "before").await;
    other.shows(&["before"]).await;
    redis.save();
    redis.restart();
    one.send(CUSTOMER, "after").await;
    for window in [&one, &other] {
        window.shows(&["before", "after"]).await;
    }
}

#[tokio::test]
async fn what_is_written_while_the_store_is_away_is_sent_once_it_is_back() {
    let mut redis = RedisServer::start();
    let (browser, router) = (Browser::start(), serve(Some(&redis), &[]));
    let [one, other] = two_windows(&browser, &router).await;
    redis.command(&["SAVE"]);
    redis.kill();

    // One window has its stream still; the other is refused one, and has to ask again by itself.
    other.0.refresh().await.expect("a reload");
    other.status("The store is away, trying again…").await;
    one.send(CUSTOMER, "first").await;
    one.send(CUSTOMER, "second").await;
    let state = "return document.querySelector('#customer .unsent .state')?.textContent";
    one.until(state, json!("Not sent yet, trying again…")).await;

    redis.restart();
    for window in [&one, &other] {
        window.shows(&["first", "second"]).await;
        window.status("Live").await;
    }
}

#[tokio::test]
async fn a_message_that_is_refused_is_shown_as_failed_and_can_be_sent_again() {
    let variables = &[("MAX_CONVERSATION_BYTES", "1000")];
    let (browser, router) = (Browser::start(), serve(None, variables));
    let window = Window::open(&browser, &router.url).await;
    window.start().await;
    let long = "x".repeat(1000);
    window.send(CUSTOMER, &long).await;
    let state = "return document.querySelector('#customer .failed .state')?.textContent";
    let failed = json!("Not sent. The conversation is full; the message was not added.");
    window.until(state, failed.clone()).await;
    window.find(".failed .retry").await.click().await.expect("a click");
    window.until(state, failed).await;
    window.find(".failed .delete").await.click().await.expect("a click");
    window.shows(&[]).await;
}

#[tokio::test]
async fn the_expiry_runs_down_restarts_with_a_message_and_is_shown() {
    let (browser, router) = (Browser::start(), serve(None, &[("CONVERSATION_TTL_SECONDS", "2")]));
    let window = Window::open(&browser, &router.url).await;
    window.start().await;
    let clock = "return document.querySelector('#expiry').textContent";
    window.until(clock, json!("expires in 0:01")).await;
    window.send(CUSTOMER, "wait").await;
    window.until(clock, json!("expires in 0:02")).await;
    let title = "return document.querySelector('#invitation h2').innerText";
    window.until(title, json!("This conversation has expired")).await;
    assert!(!window.0.source().await.expect("the page").contains("wait</p>"));

    // A link to it says the same, and offers a new one.
    window.0.refresh().await.expect("a reload");
    window.until(title, json!("This conversation has expired")).await;
    window.start().await;
}

#[tokio::test]
async fn it_fits_a_desktop_and_a_phone_in_light_and_dark() {
    let (browser, router) = (Browser::start(), serve(None, &[]));
    let window = Window::open(&browser, &router.url).await;
    window.start().await;
    window.send(CUSTOMER, &"a long message ".repeat(20)).await;
    for (scheme, width, height) in
        [("light", 1200, 880), ("dark", 1200, 880), ("light", 390, 844), ("dark", 390, 844)]
    {
        window_size(&window.0, scheme, width, height).await.expect("a size");
        window
            .until("return document.documentElement.scrollWidth <= innerWidth", json!(true))
            .await;
    }
}
