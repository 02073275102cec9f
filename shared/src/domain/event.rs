//! An event that a client tells of, beside messages.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::body;
use crate::domain::cursor::Cursor;
use crate::domain::field::Field;
use crate::domain::limits::{MAX_NAME_CHARACTERS, MAX_REASON_CHARACTERS};
use crate::domain::sender::Sender;
use crate::error::Error;

/// A valid event that has not been accepted yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// Who tells of it.
    pub sender: Sender,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// The sender is writing.
    Typing,
    /// The sender has seen everything up to a cursor.
    Seen(Cursor),
    /// An agent takes the conversation, under this name.
    Joined(Option<String>),
    /// The conversation has ended, for this reason.
    Closed(Option<String>),
}

impl NewEvent {
    /// Reads an event from a request's body: a JSON object, whose unknown fields are ignored.
    pub fn from_json(body: &[u8]) -> Result<Self, Error> {
        let fields: Fields = body::fields(body)?;
        let sender = body::text(fields.sender, Field::Sender)?.parse()?;
        let kind = match body::text(fields.event, Field::Event)?.as_str() {
            "typing" => EventKind::Typing,
            "seen" => EventKind::Seen(cursor(fields.cursor)?),
            "joined" if sender == Sender::Customer => return Err(Error::CustomerJoined),
            "joined" => {
                EventKind::Joined(bounded_text(fields.name, Field::Name, MAX_NAME_CHARACTERS)?)
            }
            "closed" => {
                let reason = bounded_text(fields.reason, Field::Reason, MAX_REASON_CHARACTERS)?;
                EventKind::Closed(reason)
            }
            _ => return Err(Error::InvalidField(Field::Event)),
        };
        Ok(Self { sender, kind })
    }
}

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow, default, deserialize_with = "body::raw")]
    sender: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "body::raw")]
    event: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "body::raw")]
    cursor: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "body::raw")]
    name: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "body::raw")]
    reason: Option<&'a RawValue>,
}

fn cursor(value: Option<&RawValue>) -> Result<Cursor, Error> {
    let text = body::text(value, Field::Cursor)?;
    text.parse().map_err(|_| Error::InvalidField(Field::Cursor))
}

fn bounded_text(
    value: Option<&RawValue>,
    field: Field,
    max_characters: usize,
) -> Result<Option<String>, Error> {
    let text = body::optional_text(value, field)?;
    let is_valid = |text: &String| (1..=max_characters).contains(&text.chars().count());
    match text.as_ref().is_none_or(is_valid) {
        true => Ok(text),
        false => Err(Error::InvalidField(field)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<NewEvent, String> {
        NewEvent::from_json(body.as_bytes()).map_err(|error| format!("{error:?}"))
    }

    fn kind(body: &str) -> Result<EventKind, String> {
        read(body).map(|event| event.kind)
    }

    #[test]
    fn each_event_is_read_with_its_own_fields_and_others_are_ignored() {
        let typing = read(r#"{"event":"typing","sender":"customer","name":7,"cursor":null}"#);
        let expected = NewEvent { sender: Sender::Customer, kind: EventKind::Typing };
        assert_eq!(typing, Ok(expected));
        let seen = kind(r#"{"sender":"customer","event":"seen","cursor":"12"}"#);
        assert_eq!(seen, Ok(EventKind::Seen(Cursor(12))));
        let joined = kind(r#"{"sender":"agent","event":"joined","name":"Ada\n"}"#);
        assert_eq!(joined, Ok(EventKind::Joined(Some("Ada\n".to_owned()))));
        let closed = kind(r#"{"sender":"agent","event":"closed"}"#);
        assert_eq!(closed, Ok(EventKind::Closed(None)));
    }

    #[test]
    fn the_error_names_the_field_that_is_missing_or_wrong() {
        for (body, error) in [
            ("{}", "MissingField(Sender)"),
            (r#"{"sender":"agent"}"#, "MissingField(Event)"),
            (r#"{"sender":"agent","event":null}"#, "InvalidField(Event)"),
            (r#"{"sender":"agent","event":"Typing"}"#, "InvalidField(Event)"),
            (r#"{"sender":"agent","event":"message"}"#, "InvalidField(Event)"),
            (r#"{"sender":"agent","event":"seen"}"#, "MissingField(Cursor)"),
            (r#"{"sender":"agent","event":"seen","cursor":0}"#, "InvalidField(Cursor)"),
            (r#"{"sender":"agent","event":"seen","cursor":"01"}"#, "InvalidField(Cursor)"),
            (r#"{"sender":"customer","event":"joined","name":"Ada"}"#, "CustomerJoined"),
            (r#"{"sender":"agent","event":"joined","name":null}"#, "InvalidField(Name)"),
            (r#"{"sender":"agent","event":"joined","name":""}"#, "InvalidField(Name)"),
            (r#"{"sender":"agent","event":"closed","reason":["x"]}"#, "InvalidField(Reason)"),
        ] {
            assert_eq!(read(body), Err(error.to_owned()), "{body}");
        }
    }

    #[test]
    fn names_and_reasons_are_limited_in_characters_not_bytes() {
        for (event, field, max) in [("joined", "name", 64), ("closed", "reason", 256)] {
            let body = |length: usize| {
                let text = "😀".repeat(length);
                format!(r#"{{"sender":"agent","event":"{event}","{field}":"{text}"}}"#)
            };
            assert!(read(&body(max)).is_ok());
            assert!(read(&body(max + 1)).unwrap_err().starts_with("InvalidField"));
        }
    }
}
