//! The id of a message.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;
use uuid::fmt::Hyphenated;

use crate::domain::cursor::Cursor;
use crate::error::Error;

/// The id of a message: a UUID v7, which sorts by time (RFC 9562, section 5.7).
///
/// Its last 32 bits are the message's place: the cursor at which its line begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MessageId(Uuid);

/// The bits of an id that are its place.
const PLACE_BITS: u128 = u32::MAX as u128;

impl MessageId {
    /// How many bytes its text form has.
    pub const LENGTH: usize = Hyphenated::LENGTH;

    /// A new id, at place 0 until the store sets the place.
    ///
    /// Beside the place, 42 of the 74 bits are left that tell apart the ids of one millisecond. They
    /// are a counter with a random start.
    pub fn next() -> Self {
        Self(Uuid::now_v7()).at(Cursor::START)
    }

    /// The same id with a place.
    pub fn at(self, place: Cursor) -> Self {
        Self(Uuid::from_u128(self.0.as_u128() & !PLACE_BITS | u128::from(place.0)))
    }

    /// Where the message's line begins.
    pub fn place(&self) -> Cursor {
        Cursor((self.0.as_u128() & PLACE_BITS) as u32)
    }

    /// Whether both are ids of one message, of which one may lack the place.
    pub fn is_same_message(&self, other: &Self) -> bool {
        self.at(Cursor::START) == other.at(Cursor::START)
    }
}

impl FromStr for MessageId {
    type Err = Error;

    /// Accepts only the hyphenated form.
    fn from_str(text: &str) -> Result<Self, Error> {
        let id = Hyphenated::from_str(text).map_err(|_| Error::InvalidMessageId)?;
        Ok(Self(id.into_uuid()))
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}
