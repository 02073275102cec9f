//! Waiting for conditions.

use std::time::{Duration, Instant};

/// How long a test waits for anything: far longer than it takes, so that only what never happens
/// takes as long.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How long a condition is left alone between two looks at it.
const PERIOD: Duration = Duration::from_millis(5);

/// Waits until a condition holds.
pub async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition().await {
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(PERIOD).await;
    }
}

/// Waits until a condition holds, and blocks the thread meanwhile.
pub fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(PERIOD);
    }
}
