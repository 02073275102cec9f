//! Reads the queue whenever it changes, for all who follow it in this process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::domain::conversation::ConversationId;
use crate::domain::queue::{QueueCursor, Waiting};
use crate::error::Error;
use crate::store::Store;
use crate::store::notifier::Subscription;

/// The pause after each read, so that a busy queue is read at most five times a second.
const PAUSE: Duration = Duration::from_millis(200);
/// After how long without a notification to look whether conversations have expired. That is to be told
/// within five seconds.
const CHECK_PERIOD: Duration = Duration::from_secs(4);
/// The pause before a store that could not be reached is asked again.
const STORE_RETRY_DELAY: Duration = Duration::from_secs(1);

/// What the followers see.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Watched {
    /// Nothing has been read yet.
    Nothing,
    /// The queue as it was read last.
    Waiting(Reading),
    /// The store could not be reached, for this reason.
    Unavailable(String),
    /// The process is ending.
    Ended,
}

/// The queue as it was read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reading {
    pub(super) waiting: Arc<Waiting>,
    /// How many conversations were read at most.
    pub(super) limit: usize,
    /// How often the queue had been lost by then.
    pub(super) losses: u64,
}

/// A task that watches the queue until this is dropped.
#[derive(Debug)]
pub(super) struct Watcher {
    shared: Arc<Shared>,
    watched: watch::Receiver<Watched>,
    task: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    /// How many conversations the followers want to see at most.
    limit: AtomicUsize,
    /// How often the queue was found at an earlier version than before: the store has lost it.
    losses: AtomicU64,
    stop: Notify,
}

impl Watcher {
    /// Must be called within a tokio runtime.
    pub(super) fn start(store: &Store, limit: usize) -> Arc<Self> {
        let shared = Arc::new(Shared {
            limit: AtomicUsize::new(limit),
            losses: AtomicU64::new(0),
            stop: Notify::new(),
        });
        let (sender, watched) = watch::channel(Watched::Nothing);
        let task = tokio::spawn(shared.clone().run(store.clone(), sender));
        Arc::new(Self { shared, watched, task: Some(task) })
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<Watched> {
        self.watched.clone()
    }

    /// How often the queue was lost.
    pub(super) fn losses(&self) -> u64 {
        self.shared.losses.load(Relaxed)
    }

    /// From the next read on, reads at least so many.
    pub(super) fn raise_limit(&self, limit: usize) {
        self.shared.limit.fetch_max(limit, Relaxed);
    }

    /// Ends watching, and returns once the store publishes nothing more for it.
    pub(super) async fn stop(mut self) {
        self.shared.stop.notify_one();
        if let Some(task) = self.task.take() {
            // Fails if the task has panicked, and then it has ended as well.
            let _ = task.await;
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.shared.stop.notify_one();
    }
}

impl Shared {
    async fn run(self: Arc<Self>, store: Store, watched: watch::Sender<Watched>) {
        let mut subscription = store.subscribe(&ConversationId::NIL);
        tokio::select! {
            () = self.watch(&store, &mut subscription, &watched) => {}
            () = self.stop.notified() => {}
        }
        subscription.unsubscribe().await;
    }

    /// Reads the queue, and then whenever it may have changed, until all following ends.
    async fn watch(
        &self,
        store: &Store,
        subscription: &mut Subscription,
        watched: &watch::Sender<Watched>,
    ) {
        let mut version = QueueCursor(0);
        loop {
            let confirmed = subscription.wait_until_confirmed().await;
            let limit = self.limit.load(Relaxed);
            let read = match confirmed {
                Ok(()) => store.waiting(limit).await,
                Err(error) => Err(error),
            };
            let (now, pause, patience) = match read {
                Ok(waiting) => {
                    if waiting.cursor < version {
                        self.losses.fetch_add(1, Relaxed);
                    }
                    version = waiting.cursor;
                    let losses = self.losses.load(Relaxed);
                    let reading = Reading { waiting: Arc::new(waiting), limit, losses };
                    (Watched::Waiting(reading), PAUSE, CHECK_PERIOD - PAUSE)
                }
                Err(error) => {
                    (Watched::Unavailable(cause(&error)), STORE_RETRY_DELAY, Duration::ZERO)
                }
            };
            show(watched, now);
            sleep(pause).await;
            // What came during the pause waits in the subscription's buffer.
            if let Ok(None) = timeout(patience, subscription.next()).await {
                watched.send_replace(Watched::Ended);
                return;
            }
        }
    }
}

/// Shows the followers how the queue is now, if that differs from what they saw.
fn show(watched: &watch::Sender<Watched>, now: Watched) {
    watched.send_if_modified(|before| {
        let is_news = match (&*before, &now) {
            (Watched::Unavailable(_), Watched::Unavailable(_)) => false,
            (before, now) => before != now,
        };
        if is_news {
            *before = now;
        }
        is_news
    });
}

fn cause(error: &Error) -> String {
    match error {
        Error::StoreUnavailable(cause) => cause.to_string(),
        error => error.to_string(),
    }
}
