//! The keyboard alone.

use testing::browser::Browser;
use thirtyfour::Key;

use super::window::*;

#[tokio::test]
async fn the_keyboard_alone_will_do() {
    let (browser, router) = (Browser::start(), serve(None, &[]));
    let window = Window::open(&browser, &router.url).await;
    window.press(Key::Tab + "{\"name\": \"Ada\"}").await;
    window.press(Key::Tab + Key::Enter).await;
    window.status("Live").await;
    window.focuses("#customer textarea").await;
    // In one call Shift stays down until its end.
    window.write("#customer .compose textarea", "two" + (Key::Shift + Key::Enter)).await;
    window.press("lines" + Key::Enter).await;
    window.shows(&["two\nlines"]).await;

    // The agent's actions, with the conversation's end.
    window.run("document.querySelector('#agent summary').focus()").await;
    window.press(Key::Enter + "").await;
    window.press(Key::Tab + "Ada").await;
    window.press(Key::Enter + "").await;
    window.tells(CUSTOMER, &["Ada joined"]).await;
    window.focuses("#agent textarea").await;
    window.run("document.querySelector('#agent summary').focus()").await;
    window.press(Key::Enter + "").await;
    window.press(Key::Escape + "").await;
    window.focuses("#agent summary").await;
    window.displays("#agent .end", false).await;
}
