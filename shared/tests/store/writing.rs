//! Many who write while Redis fails, and a record of what was acknowledged to them.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use shared::domain::conversation::ConversationId;
use shared::domain::cursor::Cursor;
use shared::error::Error;
use shared::event_log::FIRST_LINE_LENGTH;
use shared::store::{PendingConversation, Read, Store};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::conversing::{contents, cursors, open, pending};

pub const WRITERS: usize = 64;
/// What resuming the service may take.
const SECONDS: Duration = Duration::from_secs(10);

/// Writers who keep sending until they are told to stop.
pub struct Writing {
    store: Store,
    ids: Vec<ConversationId>,
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicUsize>,
    /// To be set when what follows must not be lost.
    pub promoted: Arc<AtomicBool>,
    /// What each sent and got acknowledged, and whether it began after the promotion.
    writers: JoinSet<Vec<(String, bool)>>,
}

impl Writing {
    /// Writers to some conversations, of which each writes to one.
    pub async fn start(url: &str, cluster: bool, conversations: usize) -> Self {
        Self::start_writers(WRITERS, url, cluster, conversations).await
    }

    /// The same, by some number of writers.
    pub async fn start_writers(
        writers: usize,
        url: &str,
        cluster: bool,
        conversations: usize,
    ) -> Self {
        let cluster = if cluster { "true" } else { "false" };
        let store = open(&[("REDIS_URL", url), ("REDIS_CLUSTER", cluster)]).await;
        let ids: Vec<_> = (0..conversations).map(|_| ConversationId::random()).collect();
        for id in &ids {
            store.create(&PendingConversation::with_id(*id)).await.unwrap();
        }
        let mut writing = Self {
            store,
            ids,
            stop: Arc::default(),
            acknowledged: Arc::default(),
            promoted: Arc::default(),
            writers: JoinSet::new(),
        };
        for writer in 0..writers {
            let (store, stop) = (writing.store.clone(), writing.stop.clone());
            let id = writing.ids[writer % conversations];
            let (acknowledged, promoted) = (writing.acknowledged.clone(), writing.promoted.clone());
            writing.writers.spawn(async move {
                let mut sent = Vec::new();
                while !stop.load(Ordering::SeqCst) {
                    let content = format!("{writer}-{}", sent.len());
                    let after = promoted.load(Ordering::SeqCst);
                    send(&store, &id, &content).await;
                    acknowledged.fetch_add(1, Ordering::SeqCst);
                    sent.push((content, after));
                    sleep(Duration::from_millis(10)).await;
                }
                sent
            });
        }
        writing
    }

    /// The store through which they write.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The conversations that are written to.
    pub fn ids(&self) -> &[ConversationId] {
        &self.ids
    }

    /// Waits until this many more have been acknowledged.
    pub async fn progress(&self, more: usize) {
        let before = self.acknowledged.load(Ordering::SeqCst);
        let progress = async {
            while self.acknowledged.load(Ordering::SeqCst) < before + more {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(SECONDS, progress).await.expect("service resumes by itself");
    }

    /// Reads a conversation that is being written to, whole and from its start on.
    pub async fn read(&self, id: &ConversationId) {
        let Read::Log(log) = self.store.read(id, &cursors(&[Cursor(1)])).await.unwrap() else {
            panic!("no line is one byte long");
        };
        let tail = self.store.read_after(id, Cursor::START, u32::MAX).await.unwrap();
        assert!(tail.lines.starts_with(&log[FIRST_LINE_LENGTH..]));
    }

    /// Ends the writing; what was acknowledged, and what is there.
    pub async fn stop(self) -> (Vec<(String, bool)>, HashSet<String>) {
        self.stop.store(true, Ordering::SeqCst);
        let acknowledged = self.writers.join_all().await.into_iter().flatten().collect();
        let mut there = HashSet::new();
        for id in &self.ids {
            let contents = contents(&self.store, id).await;
            let distinct: HashSet<_> = contents.iter().collect();
            assert_eq!(distinct.len(), contents.len(), "a message is there twice");
            there.extend(contents);
        }
        (acknowledged, there)
    }
}

/// Sends until it is acknowledged, under one key, as a careful client does.
pub async fn send(store: &Store, id: &ConversationId, content: &str) {
    loop {
        match store.send(id, &pending(id, content, Some(content))).await {
            Ok(_) => return,
            Err(Error::StoreUnavailable(_)) => sleep(Duration::from_millis(20)).await,
            Err(error) => panic!("{error:?}"),
        }
    }
}
