//! The place in a conversation up to which a reader has read.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// Bytes of a conversation's events, from its start, `0`, to the end of one of them.
///
/// The log only grows, so its length is also its version: one number serves as cursor and `ETag`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor(pub u32);

impl Cursor {
    /// The start of every conversation.
    pub const START: Self = Self(0);

    /// The cursor this many bytes further on; no log reaches to where that ends.
    pub fn advanced_by(self, bytes: usize) -> Self {
        Self(self.0.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX)))
    }
}

impl FromStr for Cursor {
    type Err = Error;

    /// Accepts digits alone, without leading zeros, so that one cursor has one name.
    fn from_str(text: &str) -> Result<Self, Error> {
        let plain = text == "0" || text.starts_with(|first: char| matches!(first, '1'..='9'));
        match text.parse() {
            Ok(number) if plain => Ok(Self(number)),
            _ => Err(Error::InvalidCursor),
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The versions that a reader knows already (the header `If-None-Match`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KnownVersions {
    /// These; there may be none.
    Cursors(Vec<Cursor>),
    /// Whichever there is (`*`).
    Any,
}

impl KnownVersions {
    /// None: the reader wants the conversation in any case.
    pub const NONE: Self = Self::Cursors(Vec::new());

    /// Whether this version is known.
    pub fn contains(&self, cursor: Cursor) -> bool {
        match self {
            Self::Cursors(cursors) => cursors.contains(&cursor),
            Self::Any => true,
        }
    }
}
