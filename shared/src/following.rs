//! Reading on in a conversation as things happen in it.

use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep_until};

use crate::conversation::ConversationId;
use crate::cursor::Cursor;
use crate::error::Error;
use crate::store::{Follower, Store, Tail};

/// How long to wait for a note that something happened before looking all the same: the note may
/// have been lost with a connection.
pub const HEARTBEAT: Duration = Duration::from_secs(15);

/// How long after its expiry to look whether a conversation is really gone, and how often.
const EXPIRY_MARGIN: Duration = Duration::from_millis(200);

/// Reads a conversation on from a cursor, missing nothing and repeating nothing.
#[derive(Debug)]
pub struct Following {
    store: Store,
    id: ConversationId,
    cursor: Cursor,
    follower: Option<Follower>,
}

/// What reading on yields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Something happened, from the cursor on at which the reader stood.
    Happened(Cursor, Tail),
    /// Nothing happened for as long as was waited.
    Nothing(Tail),
    /// The process is ending.
    Ended,
}

impl Following {
    /// Stands at a cursor, which is checked when reading on from it.
    pub fn new(store: &Store, id: ConversationId, cursor: Cursor) -> Self {
        Self { store: store.clone(), id, cursor, follower: None }
    }

    /// Where the reader stands.
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// What there is after the cursor, `limit` bytes at most, without waiting.
    pub async fn now(&mut self, limit: u32) -> Result<Tail, Error> {
        let tail = self.store.read_after(&self.id, self.cursor, limit).await?;
        self.cursor = self.cursor.advanced_by(tail.lines.len());
        Ok(tail)
    }

    /// Waits until there is something after the cursor, or until the deadline.
    ///
    /// [`Error::ConversationNotFound`] comes soon after the conversation's expiry, without anyone
    /// having done anything.
    pub async fn next(&mut self, deadline: Instant, limit: u32) -> Result<Next, Error> {
        loop {
            let start = self.cursor;
            // In a box of its own: followers mostly wait, and would keep the room for reading.
            let tail = Box::pin(self.now(limit)).await?;
            if !tail.lines.is_empty() {
                return Ok(Next::Happened(start, tail));
            }
            if Instant::now() >= deadline {
                return Ok(Next::Nothing(tail));
            }
            let Some(follower) = &mut self.follower else {
                // Then look again: something may have happened before the follower heard.
                self.follower = Some(self.store.follow(&self.id).await?);
                continue;
            };
            let look = deadline.min(Instant::now() + HEARTBEAT.min(time_to(tail.expires)));
            tokio::select! {
                heard = follower.rung() => if !heard { return Ok(Next::Ended) },
                () = sleep_until(look) => {}
            }
        }
    }
}

/// How long to wait for something that ends a conversation at a time by the store's clock.
fn time_to(expires: SystemTime) -> Duration {
    expires.duration_since(SystemTime::now()).unwrap_or_default() + EXPIRY_MARGIN
}
