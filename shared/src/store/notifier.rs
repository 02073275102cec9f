//! Notifies the followers in this process of what happens in their conversations.
//!
//! A notification carries the event itself. A follower whose cursor is where the event begins takes
//! it without reading. A follower whose cursor is elsewhere, or that was too slow for its small
//! buffer, reads on from its cursor.

mod subscription;
mod topics;

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::Rendered;
use crate::domain::conversation::ConversationId;
use crate::domain::cursor::Cursor;
use crate::domain::sender::Sender;
pub(crate) use subscription::Subscription;
pub(super) use topics::Topics;

/// What a follower receives.
#[derive(Clone, Debug)]
pub(crate) enum Notification {
    /// Something happened.
    Event(Arc<PublishedEvent>),
    /// Something that is said in passing: it has no line in the log.
    Note(Note),
    /// Something may have happened. The follower reads on.
    ReadOn,
}

/// What has no line in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    /// A side is writing.
    Typing(Sender),
    /// A side has seen everything up to a cursor.
    Seen(Sender, Cursor),
}

/// An event as it was published.
#[derive(Clone, Debug)]
pub(crate) struct PublishedEvent {
    /// Where its line begins.
    pub(crate) start: Cursor,
    /// Its line; empty if that is too long to be published.
    pub(crate) line: Bytes,
    /// When the conversation expires now.
    pub(crate) expires: SystemTime,
    pub(crate) rendered: Rendered,
}

impl Notification {
    /// Whether a follower that misses it has to read on.
    fn counts(&self) -> bool {
        !matches!(self, Self::Note(Note::Typing(_)))
    }
}

impl PublishedEvent {
    pub(super) fn new(start: Cursor, line: Bytes, expires: SystemTime) -> Arc<Self> {
        Arc::new(Self { start, line, expires, rendered: Rendered::default() })
    }
}

/// Asks a store's subscriber to make its subscription equal to whether the conversation is followed.
#[derive(Debug)]
pub(super) struct ReconcileRequest {
    pub(super) id: ConversationId,
    /// Sent to once that is done.
    pub(super) done: Option<oneshot::Sender<()>>,
}

/// Gives out a store's subscriptions. Cloning it shares it. The store's subscriber ends when the last
/// clone is dropped, and with it the sender of requests.
#[derive(Clone, Debug)]
pub(super) struct Notifier {
    topics: Topics,
    /// Receives each conversation that gets its first follower or loses its last. `None` if all
    /// events come from this process.
    requests: Option<mpsc::UnboundedSender<ReconcileRequest>>,
}

impl Notifier {
    pub(super) fn new(requests: Option<mpsc::UnboundedSender<ReconcileRequest>>) -> Self {
        Self { topics: Topics::default(), requests }
    }

    /// The topics alone, by which followers are notified.
    pub(super) fn topics(&self) -> &Topics {
        &self.topics
    }

    /// Begins to follow a conversation.
    pub(super) fn subscribe(&self, id: &ConversationId) -> Subscription {
        let is_confirmed = self.requests.is_none();
        // The topics stay locked meanwhile, so that requests are in the order of the changes.
        let follower = self.topics.add_follower(id, is_confirmed, || self.request(*id, None));
        let (receiver, number) = follower;
        Subscription::new(*id, receiver, number, self.clone())
    }

    /// Ends one follower's subscription.
    fn unsubscribe(&self, id: &ConversationId, done: Option<oneshot::Sender<()>>) {
        self.topics.remove_follower(id, || self.request(*id, done));
    }

    fn request(&self, id: ConversationId, done: Option<oneshot::Sender<()>>) {
        if let Some(requests) = &self.requests {
            // Fails only while the runtime shuts down, when nothing reconciles any more.
            let _ = requests.send(ReconcileRequest { id, done });
        }
    }

    /// Ends all subscriptions, and all that are made later.
    pub(super) fn close(&self) {
        self.topics.close();
    }

    /// Whether all subscriptions have been ended.
    pub(super) fn is_closed(&self) -> bool {
        self.topics.is_closed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notifier() -> (Notifier, mpsc::UnboundedReceiver<ReconcileRequest>) {
        let (requests, received) = mpsc::unbounded_channel();
        (Notifier::new(Some(requests)), received)
    }

    fn requested(received: &mut mpsc::UnboundedReceiver<ReconcileRequest>) -> Vec<ConversationId> {
        std::iter::from_fn(|| received.try_recv().ok()).map(|request| request.id).collect()
    }

    #[tokio::test]
    async fn only_the_first_follower_and_the_last_cause_a_request() {
        let (notifier, mut received) = notifier();
        let id = ConversationId::random();
        let first = notifier.subscribe(&id);
        assert_eq!(requested(&mut received), [id]);
        let second = notifier.subscribe(&id);
        drop(first);
        assert_eq!(requested(&mut received), []);
        assert!(notifier.topics().is_followed(&id));
        drop(second);
        assert_eq!(requested(&mut received), [id]);
        assert!(!notifier.topics().is_followed(&id));
    }

    #[tokio::test]
    async fn unsubscribing_ends_once_the_request_is_done() {
        let (notifier, mut received) = notifier();
        let subscription = notifier.subscribe(&ConversationId::random());
        drop(received.recv().await);
        let mut unsubscribing = tokio::spawn(subscription.unsubscribe());
        let request = received.recv().await.unwrap();
        tokio::select! {
            biased;
            _ = &mut unsubscribing => panic!("it has not been done yet"),
            () = tokio::task::yield_now() => {}
        }
        request.done.unwrap().send(()).unwrap();
        unsubscribing.await.unwrap();
    }

    #[tokio::test]
    async fn unsubscribing_waits_for_nothing_where_another_still_follows() {
        let (notifier, mut received) = notifier();
        let id = ConversationId::random();
        let subscription = notifier.subscribe(&id);
        let _other = notifier.subscribe(&id);
        subscription.unsubscribe().await;
        assert_eq!(requested(&mut received), [id]);
    }

    #[tokio::test]
    async fn requests_end_with_the_store_and_its_subscriptions() {
        let (notifier, mut received) = notifier();
        let topics = notifier.topics().clone();
        let subscription = notifier.subscribe(&ConversationId::random());
        drop(notifier);
        assert!(received.recv().await.is_some());
        drop(subscription);
        assert!(received.recv().await.is_some());
        assert!(received.recv().await.is_none(), "the topics alone keep no subscriber");
        drop(topics);
    }

    #[tokio::test]
    async fn closing_ends_the_subscriptions_that_there_are_and_those_to_come() {
        let (notifier, _received) = notifier();
        let id = ConversationId::random();
        let mut before = notifier.subscribe(&id);
        notifier.close();
        assert!(before.next().await.is_none());
        let mut after = notifier.subscribe(&id);
        assert!(after.next().await.is_none());
        assert!(after.wait_until_confirmed().await.is_ok());
    }
}
