//! A conversation's identity.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;
use uuid::fmt::Hyphenated;

use crate::error::Error;

/// Names a conversation: a random UUID (v4), because whoever knows it may read and write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConversationId(Uuid);

impl ConversationId {
    /// Bytes of its text form.
    pub const LENGTH: usize = Hyphenated::LENGTH;

    /// A new one, from a cryptographically secure generator.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// Its text form, with something before and something after it: the name of what belongs to it.
    pub fn to_key(&self, before: &str, after: &str) -> String {
        let mut text = [0; Self::LENGTH];
        [before, self.0.as_hyphenated().encode_lower(&mut text), after].concat()
    }

    /// The UUID itself, as a namespace for what belongs to the conversation.
    pub(crate) fn uuid(&self) -> &Uuid {
        &self.0
    }
}

impl FromStr for ConversationId {
    type Err = Error;

    /// Accepts the hyphenated form alone, so that one conversation has one name.
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
