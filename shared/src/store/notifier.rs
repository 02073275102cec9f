//! Tells those who follow a conversation in this process what happens in it.
//!
//! What is published is the event itself, so that a follower who stands where it begins need not
//! read it. A follower who stands elsewhere, or was too slow for the small buffer, reads on.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::timeout;

use super::Rendered;
use crate::domain::conversation::ConversationId;
use crate::domain::cursor::Cursor;
use crate::error::Error;

/// How long a subscription may take: requests are answered within three seconds.
const CONFIRMATION_TIMEOUT: Duration = Duration::from_millis(2500);
/// How many notifications wait for a follower, before it has to read on.
const BUFFER: usize = 4;

/// The topics that are followed, one for each conversation. Cloning shares them.
#[derive(Clone, Debug)]
pub(super) struct Notifier(Arc<Shared>);

/// The notifier of a store, for as long as there is one.
#[derive(Clone, Debug)]
pub(super) struct WeakNotifier(Weak<Shared>);

#[derive(Debug)]
struct Shared {
    /// `None` once following has ended.
    topics: Mutex<Option<HashMap<ConversationId, Topic>>>,
    /// Told of each conversation that gets its first follower or loses its last, where somebody
    /// has to be asked for what happens.
    changes: Option<mpsc::UnboundedSender<Change>>,
}

#[derive(Debug)]
struct Topic {
    sender: broadcast::Sender<Notification>,
    followers: usize,
    /// Whether whatever happens from now on will be heard of.
    is_heard: bool,
}

/// That a conversation is to be looked at: whether it is followed may have changed.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) id: ConversationId,
    /// Told when it has been looked at.
    pub(super) done: Option<oneshot::Sender<()>>,
}

/// What a follower is told.
#[derive(Clone, Debug)]
pub(crate) enum Notification {
    /// Something happened.
    Event(PublishedEvent),
    /// Something may have happened.
    ReadOn,
}

/// Something that happened in a conversation, as it was published.
#[derive(Clone, Debug)]
pub(crate) struct PublishedEvent {
    /// Where its line begins.
    pub(crate) start: Cursor,
    /// Its line; empty where that is too long to be published.
    pub(crate) line: Bytes,
    /// When the conversation expires now.
    pub(crate) expires: SystemTime,
    pub(crate) rendered: Rendered,
}

impl PublishedEvent {
    pub(super) fn new(start: Cursor, line: Bytes, expires: SystemTime) -> Self {
        Self { start, line, expires, rendered: Rendered::default() }
    }
}

/// Hears of what happens in one conversation.
#[derive(Debug)]
pub(crate) struct Subscription {
    /// `None` once it has left.
    id: Option<ConversationId>,
    receiver: broadcast::Receiver<Notification>,
    notifier: Notifier,
}

impl Notifier {
    pub(super) fn new(changes: Option<mpsc::UnboundedSender<Change>>) -> Self {
        Self(Arc::new(Shared { topics: Mutex::new(Some(HashMap::new())), changes }))
    }

    pub(super) fn downgrade(&self) -> WeakNotifier {
        WeakNotifier(Arc::downgrade(&self.0))
    }

    /// Begins to follow.
    pub(super) fn subscribe(&self, id: &ConversationId) -> Subscription {
        let mut topics = self.0.topics.lock();
        let receiver = match &mut *topics {
            // The sender is dropped here, and its follower hears of that.
            None => broadcast::channel(1).1,
            Some(topics) => {
                let topic = topics.entry(*id).or_insert_with(|| {
                    self.reconcile(*id);
                    let is_heard = self.0.changes.is_none();
                    Topic { sender: broadcast::Sender::new(BUFFER), followers: 0, is_heard }
                });
                topic.followers += 1;
                topic.sender.subscribe()
            }
        };
        drop(topics);
        Subscription { id: Some(*id), receiver, notifier: self.clone() }
    }

    /// Tells the conversation's followers.
    pub(super) fn notify(&self, id: &ConversationId, notification: Notification) {
        if let Some(topic) = self.0.topics.lock().as_ref().and_then(|topics| topics.get(id)) {
            // Somebody follows, or the topic would not be there.
            let _ = topic.sender.send(notification);
        }
    }

    /// Tells them that whatever happens from now on will be heard of.
    pub(super) fn confirm(&self, id: &ConversationId) {
        if let Some(topic) = self.0.topics.lock().as_mut().and_then(|topics| topics.get_mut(id)) {
            topic.is_heard = true;
            let _ = topic.sender.send(Notification::ReadOn);
        }
    }

    /// Notes that nothing is heard of for now, and has the followers look for themselves.
    pub(super) fn doubt(&self, id: &ConversationId) {
        if let Some(topic) = self.0.topics.lock().as_mut().and_then(|topics| topics.get_mut(id)) {
            topic.is_heard = false;
            let _ = topic.sender.send(Notification::ReadOn);
        }
    }

    /// Whether anybody follows the conversation.
    pub(super) fn is_followed(&self, id: &ConversationId) -> bool {
        self.0.topics.lock().as_ref().is_some_and(|topics| topics.contains_key(id))
    }

    /// Has the conversation looked at.
    pub(super) fn reconcile(&self, id: ConversationId) {
        if let Some(changes) = &self.0.changes {
            // Only where the store is being dropped does nobody listen.
            let _ = changes.send(Change { id, done: None });
        }
    }

    /// Lets all followers go, those to come included.
    pub(super) fn end(&self) {
        *self.0.topics.lock() = None;
    }

    /// Takes a follower off its topic, and the topic away with the last.
    fn leave(&self, id: &ConversationId, done: Option<oneshot::Sender<()>>) {
        let mut topics = self.0.topics.lock();
        let Some(topics) = &mut *topics else { return };
        let Some(topic) = topics.get_mut(id) else { return };
        topic.followers -= 1;
        if topic.followers == 0 {
            topics.remove(id);
            if let Some(changes) = &self.0.changes {
                let _ = changes.send(Change { id: *id, done });
            }
        }
    }
}

impl WeakNotifier {
    pub(super) fn upgrade(&self) -> Option<Notifier> {
        self.0.upgrade().map(Notifier)
    }
}

impl Subscription {
    /// Waits until whatever happens from now on will be heard of.
    pub(crate) async fn confirmed(&mut self) -> Result<(), Error> {
        // Or until all following has ended.
        let confirmed = async { while !self.is_heard() && self.next().await.is_some() {} };
        match timeout(CONFIRMATION_TIMEOUT, confirmed).await {
            Ok(()) => Ok(()),
            Err(late) => Err(Error::StoreUnavailable(late.into())),
        }
    }

    fn is_heard(&self) -> bool {
        let topics = self.notifier.0.topics.lock();
        let topic = topics.as_ref().zip(self.id.as_ref()).and_then(|(topics, id)| topics.get(id));
        topic.is_none_or(|topic| topic.is_heard)
    }

    /// Waits for what is told next; `None` where following has ended.
    pub(crate) async fn next(&mut self) -> Option<Notification> {
        match self.receiver.recv().await {
            Ok(notification) => Some(notification),
            Err(RecvError::Lagged(_)) => Some(Notification::ReadOn),
            Err(RecvError::Closed) => None,
        }
    }

    /// Ends following; done once nothing more is published for it on its account.
    pub(crate) async fn end(mut self) {
        let (done, ended) = oneshot::channel();
        if let Some(id) = self.id.take() {
            self.notifier.leave(&id, Some(done));
            // An error: somebody else still follows, or there is nobody to be asked.
            let _ = ended.await;
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(id) = self.id.take() {
            self.notifier.leave(&id, None);
        }
    }
}
