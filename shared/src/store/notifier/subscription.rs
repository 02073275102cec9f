//! One follower's subscription.

use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, oneshot};
use tokio::time::timeout;

use super::topics::Numbered;
use super::{Notification, Notifier};
use crate::domain::conversation::ConversationId;
use crate::error::Error;

/// How long a subscription may take. A request is answered within three seconds.
const CONFIRMATION_TIMEOUT: Duration = Duration::from_millis(2500);

/// Receives one conversation's notifications.
#[derive(Debug)]
pub(crate) struct Subscription {
    /// `None` once it has been unsubscribed.
    id: Option<ConversationId>,
    receiver: broadcast::Receiver<Numbered>,
    /// That of the last notification.
    number: u64,
    notifier: Notifier,
}

impl Subscription {
    pub(super) fn new(
        id: ConversationId,
        receiver: broadcast::Receiver<Numbered>,
        number: u64,
        notifier: Notifier,
    ) -> Self {
        Self { id: Some(id), receiver, number, notifier }
    }

    /// Waits until a notification comes of every event, or until all following has ended.
    ///
    /// Takes the notifications that come meanwhile, so the follower has to read on afterwards.
    pub(crate) async fn wait_until_confirmed(&mut self) -> Result<(), Error> {
        let confirmed = async { while !self.is_confirmed() && self.next().await.is_some() {} };
        match timeout(CONFIRMATION_TIMEOUT, confirmed).await {
            Ok(()) => Ok(()),
            Err(elapsed) => Err(Error::StoreUnavailable(elapsed.into())),
        }
    }

    fn is_confirmed(&self) -> bool {
        self.id.as_ref().is_none_or(|id| self.notifier.topics.is_confirmed_or_closed(id))
    }

    /// Waits for the next notification; `None` if all following has ended.
    ///
    /// A follower that was too slow is told to read on, unless it missed nothing but typing.
    pub(crate) async fn next(&mut self) -> Option<Notification> {
        loop {
            match self.receiver.recv().await {
                Ok(Numbered { number, notification }) => {
                    let expected = self.number + u64::from(notification.counts());
                    self.number = number;
                    let missed_none = number == expected;
                    return Some(if missed_none { notification } else { Notification::ReadOn });
                }
                // The number of the next one tells what was missed.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// Ends the subscription, and returns once the store publishes nothing more for it.
    pub(crate) async fn unsubscribe(mut self) {
        let (done, is_done) = oneshot::channel();
        if let Some(id) = self.id.take() {
            self.notifier.unsubscribe(&id, Some(done));
            // Fails if there is nothing to wait for: another still follows, or all events come
            // from this process.
            let _ = is_done.await;
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(id) = self.id.take() {
            self.notifier.unsubscribe(&id, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;
    use tokio::time::Instant;

    use super::*;
    use crate::domain::cursor::Cursor;
    use crate::domain::sender::Sender;
    use crate::store::notifier::Note;

    #[tokio::test(start_paused = true)]
    async fn a_subscription_that_is_never_confirmed_is_given_up_in_time() {
        let (requests, _received) = mpsc::unbounded_channel();
        let mut subscription = Notifier::new(Some(requests)).subscribe(&ConversationId::random());
        let start = Instant::now();
        let confirmed = subscription.wait_until_confirmed().await;
        assert!(matches!(confirmed, Err(Error::StoreUnavailable(_))), "{confirmed:?}");
        assert_eq!(start.elapsed(), CONFIRMATION_TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_confirmation_holds_for_later_followers_until_it_is_revoked() {
        let (requests, _received) = mpsc::unbounded_channel();
        let notifier = Notifier::new(Some(requests));
        let id = ConversationId::random();
        let mut first = notifier.subscribe(&id);
        let topics = notifier.topics();
        let (confirmed, ()) = tokio::join!(first.wait_until_confirmed(), async {
            topics.notify(&id, Notification::ReadOn);
            topics.confirm(&id);
        });
        assert!(confirmed.is_ok());
        assert!(notifier.subscribe(&id).wait_until_confirmed().await.is_ok());
        topics.revoke_confirmation(&id);
        assert!(notifier.subscribe(&id).wait_until_confirmed().await.is_err());
    }

    #[tokio::test]
    async fn a_store_in_memory_confirms_at_once() {
        let mut subscription = Notifier::new(None).subscribe(&ConversationId::random());
        assert!(subscription.wait_until_confirmed().await.is_ok());
        subscription.unsubscribe().await;
    }

    #[tokio::test]
    async fn a_follower_that_is_too_slow_is_told_to_read_on() {
        let notifier = Notifier::new(None);
        let id = ConversationId::random();
        let mut subscription = notifier.subscribe(&id);
        for start in 0..10 {
            let start = Cursor(start);
            let event = super::super::PublishedEvent::new(
                start,
                bytes::Bytes::new(),
                std::time::SystemTime::UNIX_EPOCH,
            );
            notifier.topics().notify(&id, Notification::Event(event));
        }
        assert!(matches!(subscription.next().await, Some(Notification::ReadOn)));
        let Some(Notification::Event(event)) = subscription.next().await else {
            panic!("the newest are kept");
        };
        assert_eq!(event.start.0, 7);
    }

    #[tokio::test]
    async fn a_follower_that_missed_nothing_but_typing_reads_nothing() {
        let notifier = Notifier::new(None);
        let id = ConversationId::random();
        let mut subscription = notifier.subscribe(&id);
        let typing = || Notification::Note(Note::Typing(Sender::Agent));
        (0..10).for_each(|_| notifier.topics().notify(&id, typing()));
        for _ in 0..4 {
            let next = subscription.next().await;
            assert!(matches!(next, Some(Notification::Note(Note::Typing(_)))), "{next:?}");
        }
        notifier.topics().notify(&id, Notification::Note(Note::Seen(Sender::Agent, Cursor(1))));
        (0..10).for_each(|_| notifier.topics().notify(&id, typing()));
        assert!(matches!(subscription.next().await, Some(Notification::ReadOn)));
        assert!(matches!(subscription.next().await, Some(Notification::Note(_))));
    }
}
