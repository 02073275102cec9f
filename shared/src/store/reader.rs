//! Follows a conversation from a cursor.

use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep_until};

use super::notifier::{Note, Notification, PublishedEvent, Subscription};
use super::{Store, Tail};
use crate::domain::conversation::ConversationId;
use crate::domain::cursor::Cursor;
use crate::domain::seen::Seen;
use crate::domain::sender::Sender;
use crate::error::Error;

/// How long after its expiry to check whether a conversation is gone.
const EXPIRY_MARGIN: Duration = Duration::from_millis(200);

/// Follows a conversation from a cursor. It misses nothing and repeats nothing.
#[derive(Debug)]
pub struct ConversationReader {
    store: Store,
    id: ConversationId,
    cursor: Cursor,
    expires: SystemTime,
    seen: Seen,
    /// Which request created the conversation; `None` before the first read.
    creator: Option<u64>,
    has_read: bool,
    following: Option<Following>,
}

/// What a reader needs while it waits.
#[derive(Debug)]
struct Following {
    subscription: Subscription,
    /// Whether there may be something after the cursor that no notification will tell of.
    is_behind: bool,
    clock: StoreClock,
}

/// One moment on the store's clock and on this process's. The two may differ by any amount.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StoreClock {
    pub(crate) time: SystemTime,
    pub(crate) instant: Instant,
}

/// What reading on yields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Something happened. The cursor is the reader's before it.
    Happened(Cursor, Tail),
    /// A side is writing.
    Typing(Sender),
    /// A side has seen more than before.
    Seen,
    /// Nothing happened for as long as was waited.
    Nothing,
    /// The process is ending.
    Ended,
}

impl ConversationReader {
    /// A reader at a cursor. The first read checks the cursor.
    pub fn new(store: &Store, id: ConversationId, cursor: Cursor) -> Self {
        Self {
            store: store.clone(),
            id,
            cursor,
            expires: SystemTime::UNIX_EPOCH,
            seen: Seen::NOTHING,
            creator: None,
            has_read: false,
            following: None,
        }
    }

    /// How far the reader has read.
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// When the conversation expires, as far as the reader knows.
    pub fn expires(&self) -> SystemTime {
        self.expires
    }

    /// How far each side has seen the conversation, as far as the reader knows.
    pub fn seen(&self) -> Seen {
        self.seen
    }

    /// Whether the process is ending. [`Self::next`] tells it only where the store answers.
    pub fn has_ended(&self) -> bool {
        self.store.has_ended_following()
    }

    /// Reads what there is after the cursor, `limit` bytes at most, without waiting.
    ///
    /// A conversation that was deleted is not found, even if there is another under its key by then:
    /// that one's log may be shorter than the cursor.
    pub async fn now(&mut self, limit: u32) -> Result<Tail, Error> {
        let tail = match self.store.read_after(&self.id, self.cursor, limit).await {
            Err(Error::InvalidCursor) if self.creator.is_some() => {
                return Err(Error::ConversationNotFound);
            }
            result => result?,
        };
        if *self.creator.get_or_insert(tail.creator) != tail.creator {
            return Err(Error::ConversationNotFound);
        }
        self.cursor = self.cursor.advanced_by(tail.lines.len());
        self.expires = tail.expires;
        self.seen.advance(tail.seen);
        self.has_read = tail.is_whole;
        if let Some(following) = &mut self.following {
            following.is_behind = !tail.is_whole;
        }
        Ok(tail)
    }

    /// Waits until there is something after the cursor, a side writes or has seen more, or until the
    /// deadline.
    ///
    /// [`Error::ConversationNotFound`] comes soon after the conversation's expiry.
    pub async fn next(&mut self, deadline: Instant, limit: u32) -> Result<Next, Error> {
        loop {
            if self.is_behind() {
                let (start, seen) = (self.cursor, self.seen);
                // In a box of its own: a reader mostly waits, and would hold the memory all the time.
                let tail = Box::pin(self.now(limit)).await?;
                if !tail.lines.is_empty() {
                    return Ok(Next::Happened(start, tail));
                }
                if self.seen != seen {
                    return Ok(Next::Seen);
                }
            }
            if Instant::now() >= deadline {
                return Ok(Next::Nothing);
            }
            let Some(following) = &mut self.following else {
                Box::pin(self.follow(deadline)).await?;
                continue;
            };
            let recheck = following.clock.instant_of(self.expires) + EXPIRY_MARGIN;
            tokio::select! {
                notification = following.subscription.next() => match notification {
                    None => return Ok(Next::Ended),
                    Some(Notification::ReadOn) => following.is_behind = true,
                    Some(Notification::Note(Note::Typing(sender))) => {
                        return Ok(Next::Typing(sender));
                    }
                    Some(Notification::Note(Note::Seen(sender, cursor))) => {
                        if self.seen.advance_one(sender, cursor) {
                            return Ok(Next::Seen);
                        }
                    }
                    Some(Notification::Event(event)) => {
                        let start = self.cursor;
                        if let Some(tail) = self.take(&event) {
                            return Ok(Next::Happened(start, tail));
                        }
                    }
                },
                () = sleep_until(deadline.min(recheck)) => {
                    if Instant::now() >= recheck {
                        // The clock is read anew: one that was set would cause checks without end.
                        following.clock = Box::pin(self.store.clock(&self.id)).await?;
                        following.is_behind = true;
                        // The store may have taken long: whoever waits has no time for another trip.
                        if Instant::now() >= deadline {
                            return Ok(Next::Nothing);
                        }
                    }
                }
            }
        }
    }

    /// Whether there may be something after the cursor that no notification will tell of.
    fn is_behind(&self) -> bool {
        match &self.following {
            Some(following) => following.is_behind,
            None => !self.has_read,
        }
    }

    /// Ends following, and returns once the store publishes nothing more for this reader.
    pub async fn close(self) {
        if let Some(following) = self.following {
            following.subscription.unsubscribe().await;
        }
    }

    /// Subscribes. Where the deadline comes before the confirmation, the reader stays subscribed,
    /// and [`close`](Self::close) ends that.
    async fn follow(&mut self, deadline: Instant) -> Result<(), Error> {
        let clock = self.store.clock(&self.id).await?;
        let subscription = self.store.subscribe(&self.id);
        // Something may have happened before the subscription.
        let following = Following { subscription, is_behind: true, clock };
        let following = self.following.insert(following);
        tokio::select! {
            confirmed = following.subscription.wait_until_confirmed() => confirmed,
            () = sleep_until(deadline) => Ok(()),
        }
    }

    /// Takes an event that begins at the cursor.
    fn take(&mut self, event: &PublishedEvent) -> Option<Tail> {
        let following = self.following.as_mut()?;
        if event.start > self.cursor || (event.start == self.cursor && event.line.is_empty()) {
            following.is_behind = true;
            return None;
        }
        if event.start < self.cursor {
            // It has been read already.
            return None;
        }
        self.expires = event.expires;
        self.cursor = self.cursor.advanced_by(event.line.len());
        Some(Tail {
            lines: event.line.clone(),
            expires: event.expires,
            seen: self.seen,
            creator: self.creator.unwrap_or_default(),
            is_whole: true,
            rendered: Some(event.rendered.clone()),
        })
    }
}

impl StoreClock {
    fn instant_of(&self, time: SystemTime) -> Instant {
        match time.duration_since(self.time) {
            Ok(later) => self.instant + later,
            Err(earlier) => self.instant.checked_sub(earlier.duration()).unwrap_or(self.instant),
        }
    }
}

#[cfg(test)]
mod tests;
