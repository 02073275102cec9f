//! The conversations that are followed in this process.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::broadcast;

use super::Notification;
use crate::domain::conversation::ConversationId;

/// How many notifications are kept for a follower before it has to read on instead.
const BUFFER: usize = 4;

/// One topic for each conversation that is followed. Cloning shares them.
#[derive(Clone, Debug)]
pub(in crate::store) struct Topics {
    /// `None` once closed.
    by_id: Arc<Mutex<Option<HashMap<ConversationId, Topic>>>>,
}

/// A notification, and how many there have been with it. Those of typing do not count: whoever
/// missed them has nothing to read.
#[derive(Clone, Debug)]
pub(super) struct Numbered {
    pub(super) number: u64,
    pub(super) notification: Notification,
}

#[derive(Debug)]
struct Topic {
    sender: broadcast::Sender<Numbered>,
    number: u64,
    followers: usize,
    /// Whether the followers are notified of every event from now on.
    is_confirmed: bool,
}

impl Default for Topics {
    fn default() -> Self {
        Self { by_id: Arc::new(Mutex::new(Some(HashMap::new()))) }
    }
}

impl Topics {
    /// Notifies the conversation's followers.
    pub(in crate::store) fn notify(&self, id: &ConversationId, notification: Notification) {
        self.with(id, |topic| topic.notify(notification));
    }

    /// Notes that the followers are notified of every event from now on, and has them read on from
    /// where they are.
    pub(in crate::store) fn confirm(&self, id: &ConversationId) {
        self.set_confirmed(id, true);
    }

    /// Notes that events may be missed from now on, and has the followers read on.
    pub(in crate::store) fn revoke_confirmation(&self, id: &ConversationId) {
        self.set_confirmed(id, false);
    }

    fn set_confirmed(&self, id: &ConversationId, is_confirmed: bool) {
        self.with(id, |topic| {
            topic.is_confirmed = is_confirmed;
            topic.notify(Notification::ReadOn);
        });
    }

    /// Whether anyone follows the conversation.
    pub(in crate::store) fn is_followed(&self, id: &ConversationId) -> bool {
        self.with(id, |_| ()).is_some()
    }

    /// Whether followers are notified of every event, or no longer of any.
    pub(super) fn is_confirmed_or_closed(&self, id: &ConversationId) -> bool {
        self.with(id, |topic| topic.is_confirmed).unwrap_or(true)
    }

    /// Adds a follower, and returns the number of the last notification before it. `on_first` is
    /// called if it is the conversation's first.
    pub(super) fn add_follower(
        &self,
        id: &ConversationId,
        is_confirmed: bool,
        on_first: impl FnOnce(),
    ) -> (broadcast::Receiver<Numbered>, u64) {
        let mut by_id = self.by_id.lock();
        // Once closed, the sender is dropped here, so that the follower's next notification is none.
        let Some(by_id) = &mut *by_id else { return (broadcast::channel(1).1, 0) };
        let topic = by_id.entry(*id).or_insert_with(|| {
            on_first();
            let sender = broadcast::Sender::new(BUFFER);
            Topic { sender, number: 0, followers: 0, is_confirmed }
        });
        topic.followers += 1;
        (topic.sender.subscribe(), topic.number)
    }

    /// Removes a follower. `on_last` is called if it was the conversation's last.
    pub(super) fn remove_follower(&self, id: &ConversationId, on_last: impl FnOnce()) {
        let mut by_id = self.by_id.lock();
        let Some(by_id) = &mut *by_id else { return };
        let Some(topic) = by_id.get_mut(id) else { return };
        topic.followers -= 1;
        if topic.followers == 0 {
            by_id.remove(id);
            on_last();
        }
    }

    /// Removes all topics for good.
    pub(super) fn close(&self) {
        *self.by_id.lock() = None;
    }

    /// Whether all topics have been removed for good.
    pub(super) fn is_closed(&self) -> bool {
        self.by_id.lock().is_none()
    }

    /// Does something with a conversation's topic, if there is one.
    fn with<T>(&self, id: &ConversationId, act: impl FnOnce(&mut Topic) -> T) -> Option<T> {
        self.by_id.lock().as_mut()?.get_mut(id).map(act)
    }
}

impl Topic {
    fn notify(&mut self, notification: Notification) {
        self.number += u64::from(notification.counts());
        let number = self.number;
        // Fails only without a receiver, and a topic has a follower.
        let _ = self.sender.send(Numbered { number, notification });
    }
}
