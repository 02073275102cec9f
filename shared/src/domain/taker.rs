//! The agent who takes a conversation.

use std::fmt;

use crate::domain::conversation::ConversationId;
use crate::domain::digest::{Digest, digest};

/// Who takes a conversation: an agent who is known by a token's `sub` or else by a name, or nobody
/// in particular.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taker {
    /// An agent without either.
    Unknown,
    /// A digest of the `sub` or of the name, salted with the conversation's id. So what is stored
    /// tells neither, and not whether one agent took two conversations.
    Known(Digest),
}

impl Taker {
    /// The taker for a token's `sub` and for a name, of which either may be missing.
    pub fn of(conversation: &ConversationId, subject: Option<&str>, name: Option<&str>) -> Self {
        let (kind, identity) = match (subject, name) {
            (Some(subject), _) => ("sub", subject),
            (None, Some(name)) => ("name", name),
            (None, None) => return Self::Unknown,
        };
        let parts = ["taken by ", kind, " ", identity].map(str::as_bytes);
        Self::Known(digest([&conversation.uuid().as_bytes()[..]].into_iter().chain(parts)))
    }
}

impl fmt::Display for Taker {
    /// Writes it as the state keeps it, see [`crate::event_log::state`]: `a`, or `n` and the digest
    /// in hexadecimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("a"),
            Self::Known(digest) => write!(f, "n{:032x}", u128::from_be_bytes(*digest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_counts_before_a_name_and_is_never_taken_for_one() {
        let id = ConversationId::random();
        let of = |subject, name| Taker::of(&id, subject, name);
        assert_eq!(of(None, None), Taker::Unknown);
        assert_eq!(of(Some("ada"), None), of(Some("ada"), Some("Bob")));
        assert_ne!(of(Some("ada"), None), of(None, Some("ada")));
        assert_ne!(of(None, Some("ada")), of(None, Some("Ada")));
        let elsewhere = Taker::of(&ConversationId::random(), None, Some("ada"));
        assert_ne!(of(None, Some("ada")), elsewhere);
        assert_eq!(of(None, Some("ada")).to_string().len(), 33);
    }
}
