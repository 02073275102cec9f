//! Adding a message once, however often its request is sent.

use std::str::FromStr;

use crate::domain::conversation::ConversationId;
use crate::domain::digest::{Digest, digest};
use crate::domain::message::NewMessage;
use crate::error::Error;

/// The client's name for one send (the `Idempotency-Key` header), 1 to 255 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

/// What a send under a key is remembered by: digests, so that neither a long key nor a deleted
/// message's content is stored. They are salted with the conversation's id, so that equal messages in
/// two conversations have different digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Idempotency {
    key: Digest,
    fingerprint: Digest,
}

impl Idempotency {
    /// Digests a key and the message that is sent under it.
    pub fn of(conversation: &ConversationId, key: &IdempotencyKey, message: &NewMessage) -> Self {
        let (sender, timestamp) = (message.sender().name(), message.timestamp());
        // Neither a sender's name nor a timestamp has a line feed, so the texts of two different
        // messages differ.
        let message = [sender, "\n", timestamp, "\n", message.content()];
        Self { key: salted(conversation, &[&key.0]), fingerprint: salted(conversation, &message) }
    }

    /// The digest of the key.
    pub fn key(&self) -> &Digest {
        &self.key
    }

    /// The digest of the message. Two sends of the same message have the same one.
    pub fn fingerprint(&self) -> &Digest {
        &self.fingerprint
    }
}

/// Salts a digest with the conversation's id.
fn salted(conversation: &ConversationId, parts: &[&str]) -> Digest {
    let parts = parts.iter().map(|part| part.as_bytes());
    digest([&conversation.uuid().as_bytes()[..]].into_iter().chain(parts))
}

impl FromStr for IdempotencyKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if visible && (1..=255).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::InvalidIdempotencyKey)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_1_to_255_visible_ascii_characters() {
        for good in ["a", "!~", &"k".repeat(255)] {
            assert!(IdempotencyKey::from_str(good).is_ok(), "{good}");
        }
        for bad in ["", " ", "a b", "ü", "a\tb", &"k".repeat(256)] {
            assert!(IdempotencyKey::from_str(bad).is_err(), "{bad}");
        }
    }
}
