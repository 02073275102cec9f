//! One conversation from its creation to its end.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use reqwest::Method;
use testing::api::{answer, message};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::{Soak, stream};
use crate::record::Record;
use crate::{PATIENCE, THE_END};

/// A conversation while it lives.
struct Conversation {
    soak: Arc<Soak>,
    /// Like `/api/conversations/<uuid>`.
    path: String,
    record: Record,
    /// The ids and contents of messages that may be deleted.
    messages: Vec<(String, String)>,
    cursor: String,
}

/// Begins a new conversation whenever one has ended, until the soak is over.
pub async fn one_after_another(soak: Arc<Soak>) {
    while !soak.is_over() {
        let mut conversation = Conversation::create(soak.clone()).await;
        let mut streams = JoinSet::new();
        for _ in 0..soak.streams_each {
            streams.spawn(stream::follow(soak.clone(), conversation.path.clone()));
        }
        conversation.live().await;
        conversation.end().await;
        let seen = timeout(PATIENCE, streams.join_all()).await.expect("all see the end");
        conversation.compare(&seen).await;
    }
}

impl Conversation {
    async fn create(soak: Arc<Soak>) -> Self {
        let create = || answer(soak.api.request(Method::POST, "/api/conversations"));
        let created = soak.tally.until_available(create).await;
        assert_eq!(created.status, 201, "{created:?}");
        let path = created.header("location").to_owned();
        let (record, messages, cursor) = (Record::default(), Vec::new(), "0".to_owned());
        Self { soak, path, record, messages, cursor }
    }

    /// Makes requests of all kinds, for a while.
    async fn live(&mut self) {
        let soak = self.soak.clone();
        let length = soak.longest_life.mul_f64(0.5 + fastrand::f64() / 2.0);
        let end = Instant::now() + length;
        while Instant::now() < end && !soak.is_over() {
            match fastrand::u8(..20) {
                0..8 => self.send().await,
                8..12 => self.send_under_key().await,
                12..15 => self.read().await,
                15..18 => self.read_after().await,
                _ => self.delete().await,
            }
            sleep(soak.longest_life.mul_f64(fastrand::f64() / 20.0)).await;
        }
    }

    /// A content that no other message has, with the time at which it is sent.
    fn content(&self) -> String {
        let number = self.soak.messages.fetch_add(1, Ordering::SeqCst);
        format!("{number} {}", self.soak.started.elapsed().as_micros())
    }

    async fn send(&mut self) {
        let content = self.content();
        let send = self.soak.api.post(&self.path, message(&content));
        let sent = self.soak.tally.once(send).await;
        if sent.status == 503 {
            self.record.unknown.insert(content);
            return;
        }
        assert_eq!(sent.status, 201, "{sent:?}");
        self.keep(sent.text("messageId"), content);
    }

    async fn send_under_key(&mut self) {
        let content = self.content();
        let key = content.replace(' ', "-");
        let send = || self.soak.api.send_once(&self.path, &content, &key);
        let sent = self.soak.tally.until_available(send).await;
        assert_eq!(sent.status, 201, "{sent:?}");
        self.keep(sent.text("messageId"), content);
    }

    fn keep(&mut self, id: String, content: String) {
        self.record.kept.insert(content.clone());
        self.messages.push((id, content));
    }

    async fn read(&mut self) {
        let read = self.soak.tally.until_available(|| self.soak.api.get(&self.path)).await;
        assert_eq!(read.status, 200, "{read:?}");
        self.cursor = read.header("etag").trim_matches('"').to_owned();
    }

    async fn read_after(&mut self) {
        let path = format!("{}?after={}", self.path, self.cursor);
        let read = self.soak.tally.until_available(|| self.soak.api.get(&path)).await;
        assert_eq!(read.status, 200, "{read:?}");
        self.cursor = read.text("cursor");
    }

    async fn delete(&mut self) {
        if self.messages.is_empty() {
            return;
        }
        let (id, content) = self.messages.swap_remove(fastrand::usize(..self.messages.len()));
        let delete = || self.soak.api.delete(&self.path, &id);
        let deleted = self.soak.tally.until_available(delete).await;
        // One whose answer was lost is not found again.
        assert!(matches!(deleted.status.as_u16(), 200 | 404), "{deleted:?}");
        self.record.kept.remove(&content);
        self.record.deleted.insert(content);
    }

    /// Sends the last message.
    async fn end(&mut self) {
        let send = || self.soak.api.send_once(&self.path, THE_END, "the-end");
        let sent = self.soak.tally.until_available(send).await;
        assert_eq!(sent.status, 201, "{sent:?}");
        self.record.kept.insert(THE_END.to_owned());
    }

    /// Compares what is there, and what each stream has seen, with the record.
    async fn compare(&self, seen: &[Vec<String>]) {
        let read = self.soak.tally.until_available(|| self.soak.api.get(&self.path)).await;
        assert_eq!(read.status, 200, "{read:?}");
        let read = read.json();
        let messages = read["messages"].as_array().expect("messages");
        let contents = messages.iter().map(|message| message["content"].as_str());
        let contents: Vec<_> = contents.map(|text| text.expect("content").to_owned()).collect();
        let mut faults = self.soak.faults.lock().expect("the faults");
        faults.extend(self.record.compare(&contents));
        for seen in seen {
            faults.extend(self.record.compare_stream(seen));
        }
    }
}

/// When a content was sent, since the soak began; `None` for the last message.
pub fn sent_at(content: &str) -> Option<Duration> {
    let (_, sent) = content.split_once(' ')?;
    sent.parse().ok().map(Duration::from_micros)
}
