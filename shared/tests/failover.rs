//! A primary gives way to its replica while many write.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;
use shared::config::Config;
use shared::conversation::ConversationId;
use shared::error::Error;
use shared::log;
use shared::message::{NewMessage, Sender};
use shared::store::{Draft, Read, Store};
use testing::proxy::Proxy;
use testing::redis::{RedisServer, wait_until};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

const WRITERS: usize = 64;
/// What resuming the service may take.
const SECONDS: Duration = Duration::from_secs(10);

/// Writers who keep sending until they are told to stop.
struct Writing {
    store: Store,
    id: ConversationId,
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicUsize>,
    promoted: Arc<AtomicBool>,
    /// What each sent and got acknowledged, and whether it began after the promotion.
    writers: JoinSet<Vec<(String, bool)>>,
}

impl Writing {
    async fn start(proxy: &Proxy) -> Self {
        let variable = |name| (name == "REDIS_URL").then(|| proxy.url());
        let store = Store::open(&Config::from_variables(variable).unwrap()).await;
        let id = ConversationId::random();
        store.create(&id).await.unwrap();
        let mut writing = Self {
            store,
            id,
            stop: Arc::default(),
            acknowledged: Arc::default(),
            promoted: Arc::default(),
            writers: JoinSet::new(),
        };
        for writer in 0..WRITERS {
            let (store, stop) = (writing.store.clone(), writing.stop.clone());
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

    /// Waits until this many more have been acknowledged.
    async fn progress(&self, more: usize) {
        let before = self.acknowledged.load(Ordering::SeqCst);
        let progress = async {
            while self.acknowledged.load(Ordering::SeqCst) < before + more {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(SECONDS, progress).await.expect("service resumes by itself");
    }

    /// Ends the writing; what was acknowledged, and what is there.
    async fn stop(self) -> (Vec<(String, bool)>, HashSet<String>) {
        self.stop.store(true, Ordering::SeqCst);
        let acknowledged = self.writers.join_all().await.into_iter().flatten().collect();
        let Read::Log(log) = self.store.read(&self.id, &[]).await.unwrap() else {
            panic!("unchanged")
        };
        let answer: Value = serde_json::from_slice(&log::into_answer(log)).unwrap();
        let messages = answer["messages"].as_array().unwrap().iter();
        let there: Vec<_> =
            messages.map(|message| message["content"].as_str().unwrap().to_owned()).collect();
        let distinct: HashSet<_> = there.iter().cloned().collect();
        assert_eq!(distinct.len(), there.len(), "a message is there twice");
        (acknowledged, distinct)
    }
}

/// Sends until it is acknowledged, under one key, as a careful client does.
async fn send(store: &Store, id: &ConversationId, content: &str) {
    let timestamp = "2025-04-05T14:01:00Z".to_owned();
    let message = NewMessage::new(Sender::Customer, content.to_owned(), timestamp).unwrap();
    loop {
        let draft = Draft::new(id, &message, Some(content.parse().unwrap()));
        match store.send(id, &draft).await {
            Ok(_) => return,
            Err(Error::StoreUnavailable(_)) => sleep(Duration::from_millis(20)).await,
            Err(error) => panic!("{error:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_hands_over_loses_nothing() {
    let primary = RedisServer::start();
    let replica = RedisServer::start_replica_of(&primary);
    let proxy = Proxy::to(primary.port()).await;
    let writing = Writing::start(&proxy).await;
    writing.progress(10 * WRITERS).await;

    // Connections stay, and lead to what may not be written to any more (READONLY).
    primary.command(&["FAILOVER"]);
    wait_until("the replica is the primary", || {
        replica.command(&["INFO", "replication"]).contains("role:master")
    });
    proxy.lead_to(replica.port());
    writing.progress(10 * WRITERS).await;

    let (acknowledged, there) = writing.stop().await;
    assert_eq!(acknowledged.into_iter().map(|(content, _)| content).collect::<HashSet<_>>(), there);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_dies_loses_nothing_that_was_acknowledged_after_the_promotion() {
    let mut primary = RedisServer::start();
    let replica = RedisServer::start_replica_of(&primary);
    let proxy = Proxy::to(primary.port()).await;
    let writing = Writing::start(&proxy).await;
    writing.progress(10 * WRITERS).await;

    primary.kill();
    replica.command(&["REPLICAOF", "NO", "ONE"]);
    writing.promoted.store(true, Ordering::SeqCst);
    proxy.lead_to(replica.port());
    proxy.cut();
    writing.progress(10 * WRITERS).await;

    // Replication is asynchronous: only what was acknowledged by the primary that died may be lost.
    let (acknowledged, there) = writing.stop().await;
    let lost: Vec<_> =
        acknowledged.iter().filter(|(content, _)| !there.contains(content)).collect();
    assert!(lost.iter().all(|(_, after)| !after), "lost: {lost:?}");
    assert!(acknowledged.iter().filter(|(_, after)| *after).count() >= WRITERS);
}
