//! The fields of a message, as errors name them.

/// A field of a message as the client sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named after the fields")]
pub enum Field {
    Sender,
    Content,
    Timestamp,
}

impl Field {
    /// The name in requests and responses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sender => "sender",
            Self::Content => "content",
            Self::Timestamp => "timestamp",
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
        }
    }
}
