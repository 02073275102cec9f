//! How long a key press takes to the other page, on Redis.

use testing::api::Api;
use testing::browser::Browser;
use testing::redis::RedisServer;

use super::window::*;

/// Two presses each.
const CONVERSATIONS: usize = 50;

/// Keeps the time, since 1970 in milliseconds, when a key is pressed, and when dots appear.
const WATCH: &str = "
    const now = () => performance.timeOrigin + performance.now();
    addEventListener('keydown', () => (window.pressed = now()), true);
    const watch = (pane) => new MutationObserver(() => (window.shown = now()))
        .observe(document.querySelector(`#${pane} .typing`), { childList: true });
    watch('customer'); watch('agent');";

#[tokio::test]
#[ignore = "a measurement"]
async fn typing_dots_appear_soon_after_a_key_press() {
    let redis = RedisServer::start();
    let (browser, router) = (Browser::start(), serve(Some(&redis), &[]));
    let api = Api::at(&router.url);
    let windows =
        [Window::open(&browser, &router.url).await, Window::open(&browser, &router.url).await];
    for window in &windows {
        window.run(WATCH).await;
    }
    let mut times = Vec::new();
    for _ in 0..CONVERSATIONS {
        let path = api.create().await;
        let id = path.rsplit('/').next().expect("an id");
        for window in &windows {
            window.run(&format!("location.hash = '{id}'")).await;
        }
        for window in &windows {
            window.status("Live").await;
            window.until("return document.querySelector('#agent .typing').textContent", "").await;
        }
        let [one, other] = &windows;
        for (writer, reader, pane, seen_in) in
            [(one, other, CUSTOMER, AGENT), (other, one, AGENT, CUSTOMER)]
        {
            writer.write(&format!("#{pane} .compose textarea"), "h").await;
            reader.reads(&format!("#{seen_in} .typing"), &format!("The {pane} is writing")).await;
            let time = async |window: &Window, name: &str| {
                window.run(&format!("return window.{name}")).await.as_f64().expect("a time")
            };
            times.push(time(reader, "shown").await - time(writer, "pressed").await);
        }
    }
    times.sort_by(f64::total_cmp);
    let [median, last] = [times[times.len() / 2], times[times.len() * 99 / 100]];
    println!("{} presses: median {median:.1} ms, p99 {last:.1} ms", times.len());
}
