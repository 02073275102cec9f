//! The conversations that wait for an agent, for those who list and follow them.
//!
//! All who follow the queue in this process share one watcher, so that a change costs the store one
//! read, however many follow.

mod watcher;

use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::Store;
use crate::domain::queue::{QueueCursor, Waiting};
use crate::error::Error;
use watcher::{Reading, Watched, Watcher};

/// The queue. Cloning it shares it.
#[derive(Clone, Debug)]
pub struct Queue {
    store: Store,
    watcher: Arc<Mutex<Weak<Watcher>>>,
}

/// Follows the queue.
#[derive(Debug)]
pub struct QueueFollower {
    watcher: Arc<Watcher>,
    watched: watch::Receiver<Watched>,
    limit: usize,
    /// How often the queue had been lost when following began, or by what it yielded last.
    losses: u64,
}

/// What a follower knows of the queue.
#[derive(Clone, Copy, Debug)]
pub enum Known {
    /// The version that was read last.
    Read(QueueCursor),
    /// The version that the client says it knows, which may be that of a queue that was lost since.
    Said(Option<QueueCursor>),
}

/// What following yields.
#[derive(Debug)]
pub enum Next {
    /// The queue is not as it was.
    Changed(Arc<Waiting>),
    /// It is as it was.
    Unchanged,
    /// The process is ending.
    Ended,
}

impl Queue {
    /// The queue of a store.
    pub fn new(store: Store) -> Self {
        Self { store, watcher: Arc::default() }
    }

    /// Lists the first of the waiting conversations.
    pub async fn list(&self, limit: usize) -> Result<Waiting, Error> {
        self.store.waiting(limit).await
    }

    /// Begins to follow the first of the waiting conversations, `limit` of them at least.
    pub fn follow(&self, limit: usize) -> QueueFollower {
        let mut shared = self.watcher.lock();
        let watcher = shared.upgrade().unwrap_or_else(|| Watcher::start(&self.store, limit));
        *shared = Arc::downgrade(&watcher);
        watcher.raise_limit(limit);
        let (watched, losses) = (watcher.subscribe(), watcher.losses());
        QueueFollower { watcher, watched, limit, losses }
    }
}

impl QueueFollower {
    /// Waits until the queue is not as it is known, or until the deadline.
    pub async fn next(&mut self, known: Known, deadline: Instant) -> Result<Next, Error> {
        let (limit, losses_before) = (self.limit, self.losses);
        let is_news = |watched: &Watched| match watched {
            Watched::Nothing => false,
            // It was read for those who want to see fewer.
            Watched::Waiting(reading) if reading.limit < limit => false,
            Watched::Waiting(Reading { waiting, losses, .. }) => match known {
                Known::Said(said) => said != Some(waiting.cursor),
                // The watcher may have read earlier than the follower. So an earlier version is news
                // only if the queue was lost since.
                Known::Read(read) if *losses == losses_before => waiting.cursor > read,
                Known::Read(read) => waiting.cursor != read,
            },
            Watched::Unavailable(_) | Watched::Ended => true,
        };
        match timeout_at(deadline, self.watched.wait_for(is_news)).await {
            Err(_) => Ok(Next::Unchanged),
            // The watcher has panicked.
            Ok(Err(error)) => Err(Error::Internal(error.into())),
            Ok(Ok(watched)) => match &*watched {
                Watched::Waiting(Reading { waiting, losses, .. }) => {
                    self.losses = *losses;
                    Ok(Next::Changed(waiting.clone()))
                }
                Watched::Unavailable(cause) => Err(Error::StoreUnavailable(cause.as_str().into())),
                Watched::Nothing | Watched::Ended => Ok(Next::Ended),
            },
        }
    }

    /// Ends following, and returns once the store publishes nothing more for it.
    pub async fn close(self) {
        if let Some(watcher) = Arc::into_inner(self.watcher) {
            watcher.stop().await;
        }
    }
}
