//! A log with lines of all kinds against the plainest model: the list of what was written.

use std::time::SystemTime;

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use shared::domain::conversation::ConversationId;
use shared::domain::cursor::Cursor;
use shared::domain::message::NewMessage;
use shared::domain::message_id::MessageId;
use shared::domain::metadata::Metadata;
use shared::domain::seen::Seen;
use shared::domain::sender::Sender;
use shared::domain::taker::Taker;
use shared::event_log::read::{Event, events, into_json};
use shared::event_log::state::{self, STATE_LENGTH};
use shared::event_log::{self, FRONT_LENGTH, cursor_at, line};

use crate::any_json::{metadata, text};

/// What is written.
#[derive(Clone, Debug)]
enum Written {
    Message(Sender, String),
    /// Of any message before.
    Deletion(Index),
    Joined(Option<String>),
    Closed(Sender, Option<String>),
}

fn written() -> impl Strategy<Value = Written> {
    let sender = || prop_oneof![Just(Sender::Customer), Just(Sender::Agent)];
    prop_oneof![
        3 => (sender(), text()).prop_map(|(sender, content)| Written::Message(sender, content)),
        2 => any::<Index>().prop_map(Written::Deletion),
        1 => prop::option::of(text()).prop_map(Written::Joined),
        1 => (sender(), prop::option::of(text()))
            .prop_map(|(sender, reason)| Written::Closed(sender, reason)),
    ]
}

/// The tokens of JSON, as any reader sees them: strings, and what stands between without white space.
fn tokens(json: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = json;
    while let Some(start) = rest.find('"') {
        tokens.push(rest[..start].split_ascii_whitespace().collect());
        let mut strings = serde_json::Deserializer::from_str(&rest[start..]).into_iter::<String>();
        strings.next().unwrap().unwrap();
        let end = start + strings.byte_offset();
        tokens.push(rest[start..end].to_owned());
        rest = &rest[end..];
    }
    tokens.push(rest.split_ascii_whitespace().collect());
    tokens
}

proptest! {
    #[test]
    fn metadata_keeps_its_tokens_and_loses_the_space_between(json in metadata()) {
        let body = format!("{{\"metadata\":{json}}}");
        match Metadata::from_body(body.as_bytes()) {
            Ok(metadata) => {
                let kept = metadata.unwrap();
                prop_assert_eq!(tokens(kept.as_json()), tokens(&json));
                prop_assert_eq!(kept.as_json(), tokens(&json).concat());
                prop_assert!(!kept.as_json().contains('\n'));
            }
            Err(_) => prop_assert!(tokens(&json).concat().len() > 4096),
        }
    }

    #[test]
    fn nothing_forges_a_line_and_no_id_deletes_a_part_of_one(
        metadata in prop::option::of(metadata()),
        written in prop::collection::vec(written(), 0..24),
    ) {
        let mut log = event_log::new(&ConversationId::random());
        let mut expected: Vec<(String, Value)> = Vec::new();
        let mut sent: Vec<MessageId> = Vec::new();
        let now = SystemTime::now();
        let metadata = metadata.map(|json| format!("{{\"metadata\":{json}}}"));
        let metadata =
            metadata.and_then(|body| Metadata::from_body(body.as_bytes()).ok().flatten());
        if let Some(metadata) = &metadata {
            log.extend(line::created(metadata, now));
            expected.push(("created".to_owned(), Value::Null));
        }
        for written in written {
            match written {
                Written::Message(sender, content) => {
                    let id = MessageId::next().at(cursor_at(log.len()));
                    let time = "2025-04-05T14:01:00Z".to_owned();
                    let message = NewMessage::new(sender, content.clone(), time).unwrap();
                    log.extend(line::message(&id, &message));
                    sent.push(id);
                    expected.push((id.to_string(), content.into()));
                }
                Written::Deletion(_) if sent.is_empty() => {}
                Written::Deletion(which) => {
                    let id = sent.remove(which.index(sent.len()));
                    prop_assert!(event_log::delete(&mut log, &id, None).is_ok());
                    expected.retain(|(name, _)| *name != id.to_string());
                    expected.push(("deleted".to_owned(), id.to_string().into()));
                }
                Written::Joined(name) => {
                    log.extend(line::joined(name.as_deref(), now));
                    expected.push(("joined".to_owned(), name.into()));
                }
                Written::Closed(sender, reason) => {
                    log.extend(line::closed(sender, reason.as_deref(), now));
                    expected.push((format!("closed by {}", sender.name()), reason.into()));
                }
            }
        }
        let read = events(&log[FRONT_LENGTH..], Cursor::START).map(|(_, event)| match event {
            Event::Message(message) => {
                let message: Value = serde_json::from_slice(message).unwrap();
                (message["messageId"].as_str().unwrap().to_owned(), message["content"].clone())
            }
            Event::Deleted(id) => {
                ("deleted".to_owned(), String::from_utf8(id.to_vec()).unwrap().into())
            }
            Event::Other("created", event) => {
                let start = format!("{}{}", line::CREATION_MARK, metadata.as_ref().unwrap().as_json());
                assert!(event.starts_with(start.as_bytes()));
                ("created".to_owned(), Value::Null)
            }
            Event::Other("joined", event) => {
                let event: Value = serde_json::from_slice(event).unwrap();
                ("joined".to_owned(), event["name"].clone())
            }
            Event::Other(_, event) => {
                let event: Value = serde_json::from_slice(event).unwrap();
                let sender = event["sender"].as_str().unwrap();
                (format!("closed by {sender}"), event["reason"].clone())
            }
        });
        prop_assert_eq!(read.collect::<Vec<_>>(), expected.clone());

        // No id but a message's own deletes anything, wherever it points to.
        for place in 0..log.len() as u32 {
            let id = MessageId::next().at(Cursor(place));
            let mut attacked = log.clone();
            prop_assert!(event_log::delete(&mut attacked, &id, None).is_err());
            prop_assert_eq!(&attacked, &log);
        }
        let whole: Value =
            serde_json::from_slice(&into_json(log.split_off(STATE_LENGTH))).unwrap();
        let ids: Vec<_> = sent.iter().map(ToString::to_string).collect();
        let read: Vec<_> = whole["messages"].as_array().unwrap().iter()
            .map(|message| message["messageId"].as_str().unwrap().to_owned())
            .collect();
        prop_assert_eq!(read, ids);
        prop_assert_eq!(whole.as_object().unwrap().len(), 2);
    }

    #[test]
    fn each_field_of_the_state_is_kept_whatever_the_others_are(
        is_closed: bool,
        taker in prop::option::of(prop::option::of(text())),
        customer: u32,
        agent: u32,
    ) {
        let id = ConversationId::random();
        let mut bytes = event_log::new(&id);
        let before = bytes.clone();
        let taker = taker.map(|name| Taker::of(&id, None, name.as_deref()));
        state::set_seen(&mut bytes, Sender::Agent, Cursor(agent));
        if let Some(taker) = taker {
            state::take(&mut bytes, taker);
        }
        if is_closed {
            state::close(&mut bytes);
        }
        state::set_seen(&mut bytes, Sender::Customer, Cursor(customer));
        prop_assert_eq!(state::is_closed(&bytes), is_closed);
        prop_assert_eq!(state::taken_by(&bytes), taker.map(|taker| taker.to_string()));
        let seen = Seen { customer: Cursor(customer), agent: Cursor(agent) };
        prop_assert_eq!(state::seen(&bytes), seen);
        prop_assert_eq!(bytes.len(), before.len());
        prop_assert_eq!(&bytes[STATE_LENGTH - 1..], &before[STATE_LENGTH - 1..]);
        let answer: Value = serde_json::from_slice(&into_json(bytes.split_off(STATE_LENGTH))).unwrap();
        prop_assert_eq!(answer, json!({"conversationId": id.to_string(), "messages": []}));
    }
}
