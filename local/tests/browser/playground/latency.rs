//! How long a key press takes to the other page, on Redis. The long form:
//!
//! ```sh
//! PARLEY_CONVERSATIONS=50 cargo test -p local --test browser key_press -- --nocapture
//! ```

use testing::api::Api;
use testing::browser::Browser;
use testing::redis::RedisServer;

use super::window::*;

/// The conversations of the short form, which runs with the other tests. Two presses each.
const SHORT: usize = 1;

/// Keeps the time, since 1970 in milliseconds, when a key is pressed, and when dots appear.
const WATCH: &str = "
    const now = () => performance.timeOrigin + performance.now();
    addEventListener('keydown', () => (window.pressed = now()), true);
    const watch = (pane) => new MutationObserver(() => (window.shown = now()))
        .observe(document.querySelector(`#${pane} .typing`), { childList: true });
    watch('customer'); watch('agent');";

#[tokio::test]
async fn a_key_press_in_one_page_makes_typing_dots_in_the_other() {
    let conversations = std::env::var("PARLEY_CONVERSATIONS").ok();
    let conversations = conversations.map_or(SHORT, |text| text.parse().expect("a number"));
    let redis = RedisServer::start();
    let (browser, router) = (Browser::start(), serve(Some(&redis), &[]));
    let api = Api::at(&router.url);
    let windows =
        [Window::open(&browser, &router.url).await, Window::open(&browser, &router.url).await];
    for window in &windows {
        window.run(WATCH).await;
    }
    let mut times = Vec::new();
    for _ in 0..conversations {
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
