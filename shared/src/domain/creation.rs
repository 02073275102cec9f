//! Creating a conversation once, however often its request is sent.

use std::str::FromStr;

use uuid::fmt::Hyphenated;
use uuid::{Builder, Uuid, Variant};

use crate::domain::conversation::ConversationId;
use crate::domain::digest::digest;
use crate::error::Error;

/// The client's name for one creation (the `Idempotency-Key` header): a random UUID (v4), because
/// whoever can guess it can guess the conversation's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreationKey(Uuid);

impl CreationKey {
    /// The id of the conversation that is created under this key: a UUID of the form of v4, made of
    /// the first half of SHA-256. It does not tell the key.
    pub fn conversation_id(&self) -> ConversationId {
        let digest = digest([&b"conversation of "[..], self.0.as_bytes()]);
        Builder::from_random_bytes(digest).into_uuid().into()
    }
}

impl FromStr for CreationKey {
    type Err = Error;

    /// Accepts only the hyphenated form.
    fn from_str(text: &str) -> Result<Self, Error> {
        let key = Hyphenated::from_str(text).map_err(|_| Error::InvalidCreationKey)?;
        let key = key.into_uuid();
        let is_random = key.get_version_num() == 4 && key.get_variant() == Variant::RFC4122;
        if is_random { Ok(Self(key)) } else { Err(Error::InvalidCreationKey) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_random_uuid_with_hyphens() {
        let key = "3f0c1a52-7a3e-4b1f-9c55-0d2f6a7b8c9d";
        assert!(CreationKey::from_str(key).is_ok());
        for other in [
            "",
            "key",
            "3f0c1a527a3e4b1f9c550d2f6a7b8c9d",
            "{3f0c1a52-7a3e-4b1f-9c55-0d2f6a7b8c9d}",
            "3f0c1a52-7a3e-7b1f-9c55-0d2f6a7b8c9d",
            "3f0c1a52-7a3e-4b1f-1c55-0d2f6a7b8c9d",
            "00000000-0000-0000-0000-000000000000",
        ] {
            assert!(CreationKey::from_str(other).is_err(), "{other}");
        }
    }

    #[test]
    fn a_key_always_makes_the_same_id_and_no_other_key_does() {
        let key = "3f0c1a52-7a3e-4b1f-9c55-0d2f6a7b8c9d";
        let id = CreationKey::from_str(key).unwrap().conversation_id();
        let upper_case = CreationKey::from_str(&key.to_uppercase()).unwrap();
        assert_eq!(id, upper_case.conversation_id());
        assert_eq!(id.uuid().get_version_num(), 4);
        assert_eq!(id.uuid().get_variant(), Variant::RFC4122);
        let other = CreationKey(Uuid::new_v4()).conversation_id();
        assert_ne!(id, other);
    }
}
