//! The conversations that wait for an agent.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use crate::domain::conversation::ConversationId;
use crate::domain::cursor;
use crate::error::Error;

/// How many waiting conversations one response may list.
pub const LIMITS: RangeInclusive<usize> = 1..=1000;
/// How many it lists if the request does not say.
pub const DEFAULT_LIMIT: usize = 100;
/// How many conversations wait at most. Beyond them the oldest are dropped from the queue, so that one
/// that nobody reads cannot grow.
pub const MAX_WAITING: usize = 10_000;

/// A version of the queue: microseconds since 1970 by the store's clock, or one more than the version
/// before if that is later. So a queue that was lost never gives out a version again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct QueueCursor(pub u64);

/// A conversation that no agent has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitingConversation {
    /// Its id.
    pub id: ConversationId,
    /// When it was created, in microseconds since 1970. No two have the same.
    pub created: u64,
}

/// The first of the waiting conversations, in the order in which they were created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The conversations.
    pub conversations: Vec<WaitingConversation>,
    /// The queue's version.
    pub cursor: QueueCursor,
}

impl Waiting {
    /// An empty queue of which nothing is known.
    pub const NONE: Self = Self { conversations: Vec::new(), cursor: QueueCursor(0) };
}

impl QueueCursor {
    /// The version after this one, at a time in microseconds since 1970.
    pub fn next_at(self, now: u64) -> Self {
        Self(now.max(self.0.saturating_add(1)))
    }
}

impl WaitingConversation {
    /// When it was created.
    pub fn created_at(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_micros(self.created)
    }
}

impl FromStr for QueueCursor {
    type Err = Error;

    /// Accepts only digits without leading zeros.
    fn from_str(text: &str) -> Result<Self, Error> {
        cursor::number(text).map(Self)
    }
}

impl fmt::Display for QueueCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_only_grow_whatever_the_clock_says() {
        let mut version = QueueCursor(0);
        for now in [1_000, 1_000, 5, 2_000] {
            let next = version.next_at(now);
            assert!(next > version);
            version = next;
        }
        assert_eq!(version, QueueCursor(2_000));
    }

    #[test]
    fn a_cursor_is_digits_without_leading_zeros() {
        assert_eq!("1764122400000000".parse::<QueueCursor>().unwrap().0, 1_764_122_400_000_000);
        for wrong in ["", "-1", "+1", "01", "x", "99999999999999999999"] {
            assert!(wrong.parse::<QueueCursor>().is_err(), "{wrong}");
        }
    }
}
