//! Follows a conversation from a cursor.

use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep_until};

use super::notifier::{Notification, PublishedEvent, Subscription};
use super::{Store, Tail};
use crate::domain::conversation::ConversationId;
use crate::domain::cursor::Cursor;
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
    /// Nothing happened for as long as was waited.
    Nothing,
    /// The process is ending.
    Ended,
}

impl ConversationReader {
    /// A reader at a cursor. The first read checks the cursor.
    pub fn new(store: &Store, id: ConversationId, cursor: Cursor) -> Self {
        let expires = SystemTime::UNIX_EPOCH;
        Self { store: store.clone(), id, cursor, expires, has_read: false, following: None }
    }

    /// How far the reader has read.
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// When the conversation expires, as far as the reader knows.
    pub fn expires(&self) -> SystemTime {
        self.expires
    }

    /// Reads what there is after the cursor, `limit` bytes at most, without waiting.
    pub async fn now(&mut self, limit: u32) -> Result<Tail, Error> {
        let tail = self.store.read_after(&self.id, self.cursor, limit).await?;
        self.cursor = self.cursor.advanced_by(tail.lines.len());
        self.expires = tail.expires;
        self.has_read = tail.is_whole;
        if let Some(following) = &mut self.following {
            following.is_behind = !tail.is_whole;
        }
        Ok(tail)
    }

    /// Waits until there is something after the cursor, or until the deadline.
    ///
    /// [`Error::ConversationNotFound`] comes soon after the conversation's expiry.
    pub async fn next(&mut self, deadline: Instant, limit: u32) -> Result<Next, Error> {
        loop {
            if self.is_behind() {
                let start = self.cursor;
                // In a box of its own: a reader mostly waits, and would hold the memory all the time.
                let tail = Box::pin(self.now(limit)).await?;
                if !tail.lines.is_empty() {
                    return Ok(Next::Happened(start, tail));
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
                    Some(Notification::Event(event)) => {
                        let start = self.cursor;
                        if let Some(tail) = self.take(event) {
                            return Ok(Next::Happened(start, tail));
                        }
                    }
                },
                () = sleep_until(deadline.min(recheck)) => {
                    if Instant::now() >= recheck {
                        // The clock is read anew: one that was set would cause checks without end.
                        following.clock = Box::pin(self.store.clock(&self.id)).await?;
                        following.is_behind = true;
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
    fn take(&mut self, event: PublishedEvent) -> Option<Tail> {
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
        let PublishedEvent { line: lines, expires, rendered, .. } = event;
        Some(Tail { lines, expires, is_whole: true, rendered: Some(rendered) })
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
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::config::Config;
    use crate::domain::message::{NewMessage, Sender};
    use crate::store::PendingMessage;

    const A_MINUTE: Duration = Duration::from_secs(60);

    async fn store_and_reader() -> (Store, ConversationId, ConversationReader) {
        let store = Store::open(&Config::from_variables(|_| None).unwrap()).await;
        let id = ConversationId::random();
        store.create(&id).await.unwrap();
        let reader = ConversationReader::new(&store, id, Cursor::START);
        (store, id, reader)
    }

    async fn send(store: &Store, id: &ConversationId) {
        let timestamp = "2025-04-05T14:01:00Z".to_owned();
        let message = NewMessage::new(Sender::Agent, "hello".to_owned(), timestamp).unwrap();
        store.send(id, &PendingMessage::new(id, &message, None)).await.unwrap();
    }

    /// What happens next within a minute.
    async fn next(reader: &mut ConversationReader) -> Result<Next, Error> {
        reader.next(Instant::now() + A_MINUTE, u32::MAX).await
    }

    fn tail(next: Result<Next, Error>) -> (Cursor, Tail) {
        match next {
            Ok(Next::Happened(cursor, tail)) => (cursor, tail),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_there_is_read_and_what_comes_is_taken_from_the_notification() {
        let (store, id, mut reader) = store_and_reader().await;
        send(&store, &id).await;
        let (start, read) = tail(next(&mut reader).await);
        assert_eq!((start, read.rendered.is_none()), (Cursor::START, true));

        let before = reader.cursor();
        let (taken, ()) = tokio::join!(next(&mut reader), async {
            tokio::time::sleep(A_MINUTE / 2).await;
            send(&store, &id).await;
        });
        let (start, taken) = tail(taken);
        assert_eq!((start, taken.rendered.is_some()), (before, true));
        assert_eq!(reader.cursor(), before.advanced_by(taken.lines.len()));
        assert_eq!(reader.expires(), taken.expires);
    }

    #[tokio::test(start_paused = true)]
    async fn an_event_is_taken_only_where_it_begins_at_the_cursor() {
        let (store, id, mut reader) = store_and_reader().await;
        send(&store, &id).await;
        tail(next(&mut reader).await);
        assert_eq!(next(&mut reader).await.unwrap(), Next::Nothing);
        let cursor = reader.cursor();
        let event = |start, line| {
            PublishedEvent::new(start, Bytes::from_static(line), SystemTime::UNIX_EPOCH)
        };

        assert!(reader.take(event(Cursor::START, b"read before\n")).is_none());
        assert!(!reader.is_behind());
        assert!(reader.take(event(cursor.advanced_by(10), b"later\n")).is_none());
        assert!(reader.is_behind(), "something was missed");

        assert_eq!(next(&mut reader).await.unwrap(), Next::Nothing);
        assert!(!reader.is_behind());
        assert!(reader.take(event(cursor, b"")).is_none());
        assert!(reader.is_behind(), "the line was too long to be published");
        let taken = reader.take(event(cursor, b"next\n")).unwrap();
        assert_eq!(taken.lines, "next\n");
        assert_eq!(reader.cursor(), cursor.advanced_by(5));
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_that_has_passed_still_reads_what_is_there() {
        let (store, id, mut reader) = store_and_reader().await;
        assert_eq!(reader.next(Instant::now(), u32::MAX).await.unwrap(), Next::Nothing);
        send(&store, &id).await;
        let mut reader = ConversationReader::new(&store, id, Cursor::START);
        tail(reader.next(Instant::now(), u32::MAX).await);
        assert!(reader.following.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_conversation_that_expires_ends_its_follower_soon_after() {
        let (_store, _id, mut reader) = store_and_reader().await;
        let start = Instant::now();
        let far = start + 60 * A_MINUTE;
        let ended = reader.next(far, u32::MAX).await;
        assert!(matches!(ended, Err(Error::ConversationNotFound)), "{ended:?}");
        let late = start.elapsed().saturating_sub(30 * A_MINUTE);
        assert!(late <= 2 * EXPIRY_MARGIN, "{late:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_that_ends_lets_its_followers_go() {
        let (store, _id, mut reader) = store_and_reader().await;
        let (ended, ()) = tokio::join!(next(&mut reader), async {
            tokio::time::sleep(A_MINUTE / 2).await;
            store.end_following();
        });
        assert_eq!(ended.unwrap(), Next::Ended);
        reader.close().await;
    }

    #[tokio::test(start_paused = true)]
    async fn the_stores_times_are_translated_to_this_processs_clock() {
        let clock = StoreClock { time: SystemTime::UNIX_EPOCH + A_MINUTE, instant: Instant::now() };
        assert_eq!(clock.instant_of(clock.time + A_MINUTE), clock.instant + A_MINUTE);
        tokio::time::advance(A_MINUTE).await;
        let clock = StoreClock { instant: Instant::now(), ..clock };
        assert_eq!(clock.instant_of(SystemTime::UNIX_EPOCH), clock.instant - A_MINUTE);
    }
}
