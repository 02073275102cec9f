//! Who in this process follows which conversation.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};

use crate::conversation::ConversationId;

/// A bell for each conversation that is followed; all its followers hear it. Cloning shares them.
#[derive(Clone, Debug)]
pub(super) struct Followers(Arc<Shared>);

/// The followers of a store, for as long as there is one.
#[derive(Clone, Debug)]
pub(super) struct WeakFollowers(Weak<Shared>);

#[derive(Debug)]
struct Shared {
    bells: Mutex<Bells>,
    /// Told of each conversation that gets its first follower or loses its last, where somebody
    /// must be asked to ring.
    changes: Option<mpsc::UnboundedSender<ConversationId>>,
}

/// `None` once following has ended. A bell counts how often it was rung; at 0 nobody rings it yet.
type Bells = Option<HashMap<ConversationId, watch::Sender<u64>>>;

/// Hears of what happens in one conversation.
#[derive(Debug)]
pub(crate) struct Follower {
    id: ConversationId,
    bell: watch::Receiver<u64>,
    followers: Followers,
}

impl Followers {
    pub(super) fn new(changes: Option<mpsc::UnboundedSender<ConversationId>>) -> Self {
        Self(Arc::new(Shared { bells: Mutex::new(Some(HashMap::new())), changes }))
    }

    pub(super) fn downgrade(&self) -> WeakFollowers {
        WeakFollowers(Arc::downgrade(&self.0))
    }

    pub(super) fn follow(&self, id: &ConversationId) -> Follower {
        // After the end the sender is dropped here, and its follower hears of that.
        let mut bells = self.0.bells.lock();
        let bell = match &mut *bells {
            None => watch::Sender::default().subscribe(),
            Some(bells) => match bells.get(id) {
                Some(bell) => bell.subscribe(),
                None => {
                    let (sender, bell) = watch::channel(u64::from(self.0.changes.is_none()));
                    bells.insert(*id, sender);
                    self.changed(id);
                    bell
                }
            },
        };
        drop(bells);
        Follower { id: *id, bell, followers: self.clone() }
    }

    /// Tells the conversation's followers to look.
    pub(super) fn ring(&self, id: &ConversationId) {
        if let Some(bell) = self.0.bells.lock().as_ref().and_then(|bells| bells.get(id)) {
            bell.send_modify(|rung| *rung += 1);
        }
    }

    /// Whether anybody follows the conversation.
    pub(super) fn any(&self, id: &ConversationId) -> bool {
        self.0.bells.lock().as_ref().is_some_and(|bells| bells.contains_key(id))
    }

    /// Lets all followers go, those to come included.
    pub(super) fn end(&self) {
        *self.0.bells.lock() = None;
    }

    /// Has the conversation looked at again.
    pub(super) fn changed(&self, id: &ConversationId) {
        if let Some(changes) = &self.0.changes {
            // Only where the store is being dropped does nobody listen.
            let _ = changes.send(*id);
        }
    }
}

impl WeakFollowers {
    pub(super) fn upgrade(&self) -> Option<Followers> {
        self.0.upgrade().map(Followers)
    }
}

impl Follower {
    /// Ends once whatever happens from now on will be heard; `false` where following has ended.
    pub(super) async fn hears(&mut self) -> bool {
        self.bell.wait_for(|rung| *rung > 0).await.is_ok()
    }

    /// Ends when something has happened since the last call; `false` where following has ended.
    pub(crate) async fn rung(&mut self) -> bool {
        self.bell.changed().await.is_ok()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let mut bells = self.followers.0.bells.lock();
        if let Some(bells) = &mut *bells
            && bells.get(&self.id).is_some_and(|bell| bell.receiver_count() == 1)
        {
            bells.remove(&self.id);
            self.followers.changed(&self.id);
        }
    }
}
