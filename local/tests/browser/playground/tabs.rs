//! Many tabs of one browser, which opens six connections to a host.

use testing::browser::Browser;

use super::window::*;

#[tokio::test]
async fn seven_tabs_of_one_browser_all_load_and_follow() {
    let (browser, router) = (Browser::start(), serve(None, &[]));
    let window = Window::open(&browser, &router.url).await;
    window.start().await;
    window.send(CUSTOMER, "one").await;
    window.shows(&["one"]).await;
    let link = window.link().await;
    for _ in 0..6 {
        let tab = window.0.new_tab().await.expect("a tab");
        window.0.switch_to_window(tab).await.expect("the tab");
        window.0.goto(&link).await.expect("the page");
        window.status("Live").await;
        window.shows(&["one"]).await;
    }
    window.send(AGENT, "two").await;
    let tabs = window.0.windows().await.expect("the tabs");
    assert_eq!(tabs.len(), 7);
    for tab in tabs {
        window.0.switch_to_window(tab).await.expect("the tab");
        window.shows(&["one", "two"]).await;
        window.status("Live").await;
    }
}
