//! The page as it is served: whole, and allowed nothing but what is its own.

use testing::api::Api;
use testing::browser::Browser;

use super::window::*;

#[tokio::test]
async fn it_loads_without_a_complaint_of_the_browser() {
    let (browser, router) = (Browser::start(), serve(None, &[]));
    let window = Window::open(&browser, &router.url).await;
    assert_eq!(window.0.title().await.expect("a title"), "Parley playground");
    window.start().await;
    window.send(CUSTOMER, "hello").await;
    window.shows(&["hello"]).await;
    assert_eq!(window.complaints().await, [""; 0]);

    // The policy is in force: text does not become elements, and the browser says so.
    let denied =
        "try { document.body.innerHTML = '<b>x</b>'; return 'taken' } catch { return 'denied' }";
    assert_eq!(window.run(denied).await, "denied");
    assert_eq!(window.complaints().await.len(), 1);
}

#[tokio::test]
async fn it_allows_nothing_but_its_own_files() {
    let router = serve(None, &[]);
    let api = Api::at(&router.url);
    let page = api.get("/").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert!(!page.header("x-request-id").is_empty());
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'self'; script-src 'self';"));
    for allowed in ["unsafe", "http", "*"] {
        assert!(!policy.contains(allowed), "{policy}");
    }
    for (file, content_type) in [
        ("playground.js", "text/javascript; charset=utf-8"),
        ("style.css", "text/css; charset=utf-8"),
    ] {
        let file = api.get(&format!("/playground/{file}")).await;
        assert_eq!((file.status.as_u16(), file.header("content-type")), (200, content_type));
        assert_eq!(file.header("x-content-type-options"), "nosniff");
    }
}

#[tokio::test]
async fn a_script_in_what_anybody_says_stays_text() {
    let (browser, router) = (Browser::start(), serve(None, &[]));
    let scripts = [
        "<img src=x onerror=\"document.title='taken'\">",
        "<script>document.title='taken'</script>",
    ];
    let api = Api::at(&router.url);
    let metadata =
        serde_json::json!({"metadata": {scripts[0]: scripts[1], "more": {"x": scripts}}});
    let created = api.create_with(metadata, "").await;
    let path = created.header("location").to_owned();
    let joined = serde_json::json!({"sender": "agent", "event": "joined", "name": scripts[0]});
    api.accepted(&path, joined).await;
    for script in scripts {
        api.send(&path, script).await;
    }
    let closed = serde_json::json!({"sender": "agent", "event": "closed", "reason": scripts[1]});
    api.accepted(&path, closed).await;

    let link = format!("{}/#{}", router.url, created.text("conversationId"));
    let window = Window::open(&browser, &link).await;
    window.shows(&scripts).await;
    let happened = [format!("{} joined", scripts[0]), format!("Closed: {}", scripts[1])];
    window.tells(CUSTOMER, &happened.each_ref().map(String::as_str)).await;
    window.reads(".metadata dd", scripts[1]).await;
    let elements = window.run("return document.querySelectorAll('main :is(img, script)').length");
    assert_eq!(elements.await, 0);
    assert_eq!(window.0.title().await.expect("a title"), "Parley playground");
    assert_eq!(window.complaints().await, [""; 0]);
}
