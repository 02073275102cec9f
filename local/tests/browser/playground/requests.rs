//! The requests, as lines to copy.

use std::process::Command;

use testing::api::Api;
use testing::browser::Browser;

use super::window::*;

#[tokio::test]
async fn a_line_that_is_pasted_does_the_same_once_more() {
    let (browser, router) = (Browser::start(), serve(None, &[]));
    let window = Window::open(&browser, &router.url).await;
    window.start().await;
    window.send(CUSTOMER, "it's $HOME").await;
    window.shows(&["it's $HOME"]).await;

    let line =
        "return [...document.querySelectorAll('#requests code')].map((code) => code.textContent)
        .find((line) => line.includes('/messages'))";
    let line = window.run(line).await;
    let line = line.as_str().expect("a line");
    let output = Command::new("sh").args(["-c", line]).output();
    let output = String::from_utf8(output.expect("curl").stdout).expect("text");
    assert!(output.contains("Message added successfully"), "{line}: {output}");
    window.shows(&["it's $HOME", "it's $HOME"]).await;
    let contents = Api::at(&router.url).contents(&window.path().await).await;
    assert_eq!(contents, ["it's $HOME", "it's $HOME"]);
}
