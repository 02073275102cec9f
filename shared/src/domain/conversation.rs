//! The id of a conversation.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;
use uuid::fmt::Hyphenated;

use crate::error::Error;

/// The id of a conversation: a random UUID (v4), or one that is derived from a random key, because
/// without tokens the id is all that access takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConversationId(Uuid);

impl ConversationId {
    /// How many bytes its text form has.
    pub const LENGTH: usize = Hyphenated::LENGTH;

    /// The id that no conversation has: neither random nor derived from a key.
    pub const NIL: Self = Self(Uuid::nil());

    /// A new id, from a cryptographically secure generator.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// Its text form between two other texts: the name of something that belongs to the conversation.
    pub fn to_key(&self, before: &str, after: &str) -> String {
        let mut text = [0; Self::LENGTH];
        [before, self.0.as_hyphenated().encode_lower(&mut text), after].concat()
    }

    /// The UUID itself, by which digests of the conversation are salted.
    pub(crate) fn uuid(&self) -> &Uuid {
        &self.0
    }
}

impl From<Uuid> for ConversationId {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl FromStr for ConversationId {
    type Err = Error;

    /// Accepts only the hyphenated form, which has one spelling but for the case of its letters.
    fn from_str(text: &str) -> Result<Self, Error> {
        let id = Hyphenated::from_str(text).map_err(|_| Error::InvalidConversationId)?;
        Ok(Self(id.into_uuid()))
    }
}

impl fmt::Display for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}
