//! A message: reading it from a request.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::body;
use crate::domain::field::Field;
use crate::domain::limits::MAX_CONTENT_BYTES;
use crate::domain::sender::Sender;
use crate::domain::timestamp;
use crate::error::Error;

/// A valid message that has not been added yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    sender: Sender,
    content: String,
    timestamp: String,
}

impl NewMessage {
    /// Reads a message from a request's body: a JSON object, whose unknown fields are ignored.
    pub fn from_json(body: &[u8]) -> Result<Self, Error> {
        let fields: Fields = body::fields(body)?;
        let sender = body::text(fields.sender, Field::Sender)?.parse()?;
        let content = body::text(fields.content, Field::Content)?;
        let timestamp = body::text(fields.timestamp, Field::Timestamp)?;
        Self::new(sender, content, timestamp)
    }

    /// Checks the parts of a message. `timestamp` is stored as it is written.
    pub fn new(sender: Sender, content: String, timestamp: String) -> Result<Self, Error> {
        if content.is_empty() {
            return Err(Error::InvalidField(Field::Content));
        }
        if content.len() > MAX_CONTENT_BYTES {
            return Err(Error::ContentTooLarge);
        }
        if !timestamp::is_valid(&timestamp) {
            return Err(Error::InvalidField(Field::Timestamp));
        }
        Ok(Self { sender, content, timestamp })
    }

    /// The sender.
    pub fn sender(&self) -> Sender {
        self.sender
    }

    /// The content, byte for byte.
    pub fn content(&self) -> &str {
        &self.content
    }

    /// The time that the client gave the message.
    pub fn timestamp(&self) -> &str {
        &self.timestamp
    }
}

/// The body's fields as raw JSON, so that an error can name a field that is wrong or missing.
#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow, default, deserialize_with = "body::raw")]
    sender: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "body::raw")]
    content: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "body::raw")]
    timestamp: Option<&'a RawValue>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(body: &str) -> String {
        format!("{:?}", NewMessage::from_json(body.as_bytes()).unwrap_err())
    }

    #[test]
    fn a_message_is_read_from_an_object_with_unknown_fields_and_escapes() {
        let body = r#" {"x":[{}],"timestamp":"2025-04-05T14:01:00Z","sender":"agent","content":"\u00fc\ud83d\ude00\n"}"#;
        let message = NewMessage::from_json(body.as_bytes()).unwrap();
        assert_eq!(message.sender(), Sender::Agent);
        assert_eq!(message.content(), "ü😀\n");
        assert_eq!(message.timestamp(), "2025-04-05T14:01:00Z");
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for body in [
            "",
            " ",
            "null",
            "7",
            "\"x\"",
            "{",
            "{}x",
            "{\"a\"}",
            r#"["agent","hi","2025-04-05T14:01:00Z"]"#,
            r#"{"sender":"agent","sender":"customer"}"#,
        ] {
            assert!(refusal(body).starts_with("InvalidJson"), "{body}");
        }
        let not_utf8 = b"{\"content\":\"\xff\"}";
        assert!(NewMessage::from_json(not_utf8).is_err());
    }

    #[test]
    fn a_byte_order_mark_is_passed_over_and_another_encoding_is_named() {
        let body = r#"{"sender":"agent","content":"x","timestamp":"2025-04-05T14:01:00Z"}"#;
        assert!(NewMessage::from_json(format!("\u{feff}{body}").as_bytes()).is_ok());
        let utf16: Vec<u8> = body.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for wrong in [&b"\xff{}"[..], &b"{\"content\":\"\xe9\"}"[..]] {
            let error = NewMessage::from_json(wrong).unwrap_err().to_string();
            assert!(error.contains("not UTF-8"), "{error}");
        }
        assert!(NewMessage::from_json(&utf16).is_err());
    }

    #[test]
    fn a_missing_field_is_told_from_a_wrong_one() {
        assert_eq!(refusal("{}"), "MissingField(Sender)");
        assert_eq!(refusal(r#"{"sender":"agent"}"#), "MissingField(Content)");
        assert_eq!(refusal(r#"{"sender":null}"#), "InvalidField(Sender)");
        assert_eq!(refusal(r#"{"sender":"Agent"}"#), "InvalidField(Sender)");
        for content in ["null", "\"\"", "7", "[]", "{\"a\":1}", r#""\ud800""#] {
            let body = format!(
                r#"{{"sender":"agent","content":{content},"timestamp":"2025-04-05T14:01:00Z"}}"#
            );
            assert_eq!(refusal(&body), "InvalidField(Content)", "{content}");
        }
    }

    #[test]
    fn content_is_limited_in_bytes_not_characters() {
        let message = |content: String| {
            NewMessage::new(Sender::Customer, content, "2025-04-05T14:01:00Z".to_owned())
        };
        assert!(message("ü".repeat(MAX_CONTENT_BYTES / 2)).is_ok());
        let refused = message("ü".repeat(MAX_CONTENT_BYTES / 2) + "u").unwrap_err();
        assert!(matches!(refused, Error::ContentTooLarge));
    }
}
