//! Reads the queue whenever it changes, for all who follow it in this process.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::domain::conversation::ConversationId;
use crate::domain::queue::Waiting;
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
#[derive(Clone, Debug)]
pub(super) enum Watched {
    /// Nothing has been read yet.
    Nothing,
    /// The queue as it was read last.
    Waiting(Arc<Waiting>),
    /// The store could not be reached, for this reason.
    Unavailable(String),
    /// The process is ending.
    Ended,
}

/// A task that watches the queue until this is dropped.
#[derive(Debug)]
pub(super) struct Watcher {
    shared: Arc<Shared>,
    task: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    watched: watch::Sender<Watched>,
    /// How many conversations the followers want to see at most.
    limit: AtomicUsize,
    stop: Notify,
}

impl Watcher {
    /// Must be called within a tokio runtime.
    pub(super) fn start(store: &Store) -> Arc<Self> {
        let shared = Arc::new(Shared {
            watched: watch::Sender::new(Watched::Nothing),
            limit: AtomicUsize::new(0),
            stop: Notify::new(),
        });
        let task = tokio::spawn(shared.clone().run(store.clone()));
        Arc::new(Self { shared, task: Some(task) })
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<Watched> {
        self.shared.watched.subscribe()
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
    async fn run(self: Arc<Self>, store: Store) {
        let mut subscription = store.subscribe(&ConversationId::NIL);
        tokio::select! {
            () = self.watch(&store, &mut subscription) => {}
            () = self.stop.notified() => {}
        }
        subscription.unsubscribe().await;
    }

    /// Reads the queue, and then whenever it may have changed, until all following ends.
    async fn watch(&self, store: &Store, subscription: &mut Subscription) {
        loop {
            let confirmed = subscription.wait_until_confirmed().await;
            let read = match confirmed {
                Ok(()) => store.waiting(self.limit.load(Relaxed)).await,
                Err(error) => Err(error),
            };
            let pause = if read.is_ok() { PAUSE } else { STORE_RETRY_DELAY };
            self.show(read);
            sleep(pause).await;
            // What came during the pause waits in the subscription's buffer.
            if let Ok(None) = timeout(CHECK_PERIOD - PAUSE, subscription.next()).await {
                self.watched.send_replace(Watched::Ended);
                return;
            }
        }
    }

    /// Shows what was read to the followers, if it differs from what they saw.
    fn show(&self, read: Result<Waiting, Error>) {
        let shown = match read {
            Ok(waiting) => Watched::Waiting(Arc::new(waiting)),
            Err(Error::StoreUnavailable(cause)) => Watched::Unavailable(cause.to_string()),
            Err(error) => Watched::Unavailable(error.to_string()),
        };
        self.watched.send_if_modified(|watched| {
            let is_news = match (&*watched, &shown) {
                (Watched::Waiting(before), Watched::Waiting(now)) => before != now,
                (Watched::Unavailable(_), Watched::Unavailable(_)) => false,
                _ => true,
            };
            if is_news {
                *watched = shown;
            }
            is_news
        });
    }
}
