//! The fields of a body, as errors name them.

/// A field of a body as the client sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named after the fields")]
pub enum Field {
    Sender,
    Content,
    Timestamp,
    Event,
    Cursor,
    Name,
    Reason,
    Metadata,
}

impl Field {
    /// The name in requests and responses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sender => "sender",
            Self::Content => "content",
            Self::Timestamp => "timestamp",
            Self::Event => "event",
            Self::Cursor => "cursor",
            Self::Name => "name",
            Self::Reason => "reason",
            Self::Metadata => "metadata",
        }
    }

    /// What its value must be, as the end of the sentence "The field must be …".
    pub fn expectation(self) -> &'static str {
        match self {
            Self::Sender => "\"customer\" or \"agent\"",
            Self::Content => "a non-empty string of valid Unicode",
            Self::Timestamp => {
                "an ISO 8601 date and time with seconds and a time zone, like 2025-04-05T14:01:00Z"
            }
            Self::Event => "\"typing\", \"seen\", \"joined\" or \"closed\"",
            Self::Cursor => "a cursor of this conversation, as a string",
            Self::Name => "a string of 1 to 64 characters",
            Self::Reason => "a string of 1 to 256 characters",
            Self::Metadata => "a JSON object of at most 4096 bytes without its white space",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::limits::{MAX_METADATA_BYTES, MAX_NAME_CHARACTERS, MAX_REASON_CHARACTERS};

    #[test]
    fn an_expectation_names_the_limit_that_is_checked() {
        for (field, limit) in [
            (Field::Name, MAX_NAME_CHARACTERS),
            (Field::Reason, MAX_REASON_CHARACTERS),
            (Field::Metadata, MAX_METADATA_BYTES),
        ] {
            let expectation = field.expectation();
            assert!(expectation.contains(&format!(" {limit} ")), "{expectation}");
        }
    }
}
