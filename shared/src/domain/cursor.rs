//! How far a reader has read a conversation.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// How many bytes of events there are from a conversation's start, `0`, to the end of one event.
///
/// The log only grows, so its length is also its version: one number serves as cursor and `ETag`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor(pub u32);

impl Cursor {
    /// The start of every conversation.
    pub const START: Self = Self(0);

    /// The cursor this many bytes later. It saturates, at a length that no log reaches.
    pub fn advanced_by(self, bytes: usize) -> Self {
        Self(self.0.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX)))
    }
}

impl FromStr for Cursor {
    type Err = Error;

    /// Accepts only digits without leading zeros, so that a cursor has one spelling.
    fn from_str(text: &str) -> Result<Self, Error> {
        number(text).map(Self)
    }
}

/// Parses the number of a cursor: digits without leading zeros.
pub(super) fn number<T: FromStr>(text: &str) -> Result<T, Error> {
    let plain = text == "0" || text.starts_with(|first: char| matches!(first, '1'..='9'));
    match text.parse() {
        Ok(number) if plain => Ok(number),
        _ => Err(Error::InvalidCursor),
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
