//! The page itself.

use serde_json::json;
use testing::api::Api;
use testing::browser::{Browser, window_size};
use testing::contract::QUEUE;
use thirtyfour::Key;

use super::window::Window;
use super::{serve, wait_as, write};

#[tokio::test]
async fn it_allows_nothing_but_itself() {
    let (browser, router) = (Browser::start(), serve(&[QUEUE]));
    let api = Api::at(&router.url);
    let page = api.get("/desk").await;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy");
    assert!(policy.contains("script-src 'self';") && policy.contains("trusted-types 'none'"));
    for allowed in ["unsafe", "http", "*"] {
        assert!(!policy.contains(allowed), "{policy}");
    }

    let script = "<img src=x onerror=\"document.title='taken'\">";
    let ada = wait_as(&api, script).await;
    write(&api, &ada, script).await;
    let desk = Window::of(&browser, &router.url, script).await;
    desk.lists(1).await;
    desk.reads("#waiting li dd", script).await;
    desk.take().await;
    desk.shows(&[script]).await;
    assert_eq!(desk.run("return document.querySelectorAll('main img').length").await, 0);
    assert_eq!(desk.complaints().await, [""; 0]);
    let denied =
        "try { document.body.innerHTML = '<b>x</b>'; return 'taken' } catch { return 'denied' }";
    assert_eq!(desk.run(denied).await, "denied");
}

#[tokio::test]
async fn a_new_conversation_is_told_by_the_title_and_once_switched_on_by_a_sound() {
    let (browser, router) = (Browser::start(), serve(&[QUEUE]));
    let api = Api::at(&router.url);
    wait_as(&api, "Ada").await;
    let desk = Window::of(&browser, &router.url, "Kim").await;
    desk.until("return document.title", "(1) Parley desk").await;
    // As if another window were in front; and a sound that can be counted.
    desk.run(
        "document.hasFocus = () => false;
        globalThis.beeps = 0;
        const start = OscillatorNode.prototype.start;
        OscillatorNode.prototype.start = function (...when) { beeps++; start.apply(this, when); }",
    )
    .await;
    wait_as(&api, "Bo").await;
    desk.until("return document.title", "● New conversation · (2) Parley desk").await;
    assert_eq!(desk.run("return beeps").await, 0);
    desk.click("#sound").await;
    desk.until("return beeps", 1).await;
    wait_as(&api, "Cy").await;
    desk.until("return beeps", 2).await;
    desk.run("dispatchEvent(new Event('focus'))").await;
    desk.until("return document.title", "(3) Parley desk").await;
    let age = "return /^waits for \\d+:\\d\\d$/.test(document.querySelector('.age').innerText)";
    desk.until(age, true).await;
}

#[tokio::test]
async fn the_keyboard_alone_will_do() {
    let (browser, router) = (Browser::start(), serve(&[QUEUE]));
    let api = Api::at(&router.url);
    wait_as(&api, "Ada").await;
    wait_as(&api, "Bo").await;
    let desk = Window::open(&browser, &router.url, "").await;
    desk.lists(2).await;
    // Without a name, taking asks for it.
    desk.press(Key::Tab + Key::Tab + Key::Tab + Key::Enter).await;
    desk.until("return document.activeElement.id", "name").await;
    desk.press("Kim" + Key::Tab + Key::Tab + Key::Enter).await;
    desk.until("return document.activeElement.placeholder", "Write to the customer").await;
    desk.write("textarea", "Hello" + (Key::Shift + Key::Enter)).await;
    desk.press("Ada".to_owned() + Key::Enter).await;
    desk.shows(&["Hello\nAda"]).await;
    desk.take().await;
    let selected = "return document.querySelector('[aria-selected=true]').innerText";
    desk.run("document.querySelector('[aria-selected=true]').focus()").await;
    desk.until(selected, "Bo").await;
    for (key, name) in
        [(Key::Left, "Ada"), (Key::Left, "Bo"), (Key::Home, "Ada"), (Key::Right, "Bo")]
    {
        desk.press(key + "").await;
        desk.until(selected, name).await;
        desk.until("return document.activeElement.innerText", name).await;
    }
}

/// Holds the page, as it stands, to axe-core's rules, in every size and color scheme.
async fn axe_finds_nothing(window: &Window) {
    window.run(&testing::axe::script()).await;
    // Nothing on its way from one look to another.
    window.run("for (const one of document.getAnimations()) one.pause()").await;
    let found = "const done = arguments[0];
        axe.run().then(({ violations }) => done(violations.map(({ id, nodes }) =>
            id + ': ' + nodes.map(({ html }) => html).join())))";
    for (scheme, width, height) in
        [("light", 1200, 880), ("dark", 1200, 880), ("light", 390, 844), ("dark", 390, 844)]
    {
        window_size(&window.0, scheme, width, height).await.expect("a size");
        window
            .until("return document.documentElement.scrollWidth <= innerWidth", json!(true))
            .await;
        let violations = window.0.execute_async(found, vec![]).await.expect("a result");
        assert_eq!(violations.json(), &json!([]), "{scheme}, {width}");
    }
}

#[tokio::test]
async fn axe_finds_nothing_while_some_wait_and_others_are_talked_to() {
    let (browser, router) = (Browser::start(), serve(&[QUEUE]));
    let api = Api::at(&router.url);
    let desk = Window::of(&browser, &router.url, "Kim").await;
    axe_finds_nothing(&desk).await;
    let mut paths = Vec::new();
    for name in ["Ada", "Bo", "Cy"] {
        paths.push(wait_as(&api, name).await);
    }
    desk.lists(3).await;
    desk.take().await;
    desk.take().await;
    write(&api, &paths[1], &"a long message ".repeat(20)).await;
    desk.send("An answer").await;
    write(&api, &paths[0], "unread").await;
    desk.until("return document.querySelector('.unread:not([hidden])')?.innerText", "1 unread")
        .await;
    api.accepted(&paths[1], json!({"sender": "customer", "event": "typing"})).await;
    axe_finds_nothing(&desk).await;
    desk.click("[role=tabpanel]:not([hidden]) .close button").await;
    desk.displays("[role=tabpanel]:not([hidden]) .end", true).await;
    axe_finds_nothing(&desk).await;
}

#[tokio::test]
async fn axe_finds_nothing_where_there_is_no_queue() {
    let (browser, router) = (Browser::start(), serve(&[]));
    let desk = Window::open(&browser, &router.url, "").await;
    desk.displays("#off", true).await;
    axe_finds_nothing(&desk).await;
}
