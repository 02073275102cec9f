//! How often requests succeeded, and how long they took.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use testing::api::Answer;
use tokio::time::sleep;

use crate::PAUSE;

/// What all clients together count.
pub struct Tally {
    acknowledged: AtomicU64,
    unavailable: AtomicU64,
    /// How long requests took that did not end in 503.
    pub requests: Times,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            acknowledged: AtomicU64::new(0),
            unavailable: AtomicU64::new(0),
            requests: Times::new(),
        }
    }
}

impl Tally {
    /// Makes a request once.
    pub async fn once(&self, request: impl Future<Output = Answer>) -> Answer {
        let asked = Instant::now();
        let answer = request.await;
        if answer.status == 503 {
            self.unavailable.fetch_add(1, Ordering::SeqCst);
        } else {
            self.acknowledged.fetch_add(1, Ordering::SeqCst);
            self.requests.add(asked.elapsed());
        }
        answer
    }

    /// Repeats a request while the store is unavailable.
    pub async fn until_available<F: Future<Output = Answer>>(
        &self,
        request: impl Fn() -> F,
    ) -> Answer {
        loop {
            let answer = self.once(request()).await;
            if answer.status != 503 {
                return answer;
            }
            sleep(PAUSE).await;
        }
    }

    /// Tells the counts in a few words.
    pub fn counts(&self) -> String {
        let count = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
        let (acknowledged, unavailable) = (count(&self.acknowledged), count(&self.unavailable));
        format!("{acknowledged} acknowledged, {unavailable} times 503")
    }
}

/// How long something took, each time.
pub struct Times(Mutex<Histogram<u64>>);

impl Times {
    /// None yet.
    pub fn new() -> Self {
        // Three digits, in microseconds.
        Self(Mutex::new(Histogram::new(3).expect("a histogram")))
    }

    /// Adds one.
    pub fn add(&self, time: Duration) {
        let mut times = self.0.lock().expect("the times");
        times.record(time.as_micros() as u64).expect("a time below the highest");
    }

    /// Tells them in one line, in milliseconds.
    pub fn summary(&self) -> String {
        let times = self.0.lock().expect("the times");
        let [median, late, latest] =
            [0.5, 0.99, 1.0].map(|quantile| times.value_at_quantile(quantile) as f64 / 1000.0);
        format!(
            "{} in all, p50 {median:.1} ms, p99 {late:.1} ms, longest {latest:.0} ms",
            times.len()
        )
    }
}
