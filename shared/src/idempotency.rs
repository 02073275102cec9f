//! Sending once, however often the request is sent.

use std::str::FromStr;

use uuid::Uuid;

use crate::conversation::ConversationId;
use crate::error::Error;
use crate::message::NewMessage;

/// The client's name for one send (the `Idempotency-Key` header), 1 to 255 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The key as the client sent it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
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

/// Tells whether two sends under one key say the same.
///
/// A digest (UUID v5: SHA-1), so that a deleted message's content is not kept in it; salted with
/// the conversation, so that equal messages of two conversations do not show as equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(Uuid);

impl Fingerprint {
    /// The fingerprint of a message within its conversation.
    pub fn of(conversation: &ConversationId, message: &NewMessage) -> Self {
        // Neither a sender's name nor a timestamp can hold a line feed: no two messages collide.
        let text =
            format!("{}\n{}\n{}", message.sender().name(), message.timestamp(), message.content());
        Self(Uuid::new_v5(conversation.uuid(), text.as_bytes()))
    }

    /// Its 16 bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
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
