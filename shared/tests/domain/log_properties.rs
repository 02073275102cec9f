//! The log against the plainest model of a conversation: a list of messages.

use proptest::prelude::*;
use serde_json::{Value, json};
use shared::domain::conversation::ConversationId;
use shared::domain::message::NewMessage;
use shared::domain::message_id::MessageId;
use shared::domain::sender::Sender;
use shared::event_log::read::into_json;
use shared::event_log::state::STATE_LENGTH;
use shared::event_log::{self, cursor_at, line, offset_of};

const TIMESTAMP: &str = "2025-04-05T14:01:00Z";

/// What happens to a conversation; a deletion picks among all messages ever sent.
#[derive(Clone, Debug)]
enum Event {
    Sent(Sender, String),
    Deleted(prop::sample::Index),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let sender = prop_oneof![Just(Sender::Customer), Just(Sender::Agent)];
    // Any Unicode, and often what looks like the log's own marks.
    let content = prop_oneof![
        3 => any::<String>(),
        1 => "[\u{0}-\u{ff}]{1,40}",
        1 => Just(format!("{}0198\"}},\n", line::DELETION_MARK)),
        1 => Just(format!("\n{}0198\"}},\n]}}", line::MESSAGE_MARK)),
    ];
    let content = content.prop_filter("content is never empty", |content| !content.is_empty());
    let event = prop_oneof![
        2 => (sender, content).prop_map(|(sender, content)| Event::Sent(sender, content)),
        1 => any::<prop::sample::Index>().prop_map(Event::Deleted),
    ];
    prop::collection::vec(event, 0..40)
}

proptest! {
    #[test]
    fn a_log_is_answered_as_the_list_of_messages_that_were_not_deleted(events in events()) {
        let id = ConversationId::random();
        let mut log = event_log::new(&id);
        let mut sent: Vec<MessageId> = Vec::new();
        let mut model: Vec<(MessageId, Value)> = Vec::new();
        for event in events {
            let before = log.clone();
            match event {
                Event::Sent(sender, content) => {
                    let message_id = MessageId::next().at(cursor_at(log.len()));
                    let message = NewMessage::new(sender, content.clone(), TIMESTAMP.to_owned()).unwrap();
                    log.extend(line::message(&message_id, &message));
                    sent.push(message_id);
                    model.push((message_id, json!({
                        "messageId": message_id.to_string(),
                        "sender": sender.name(),
                        "content": content,
                        "timestamp": TIMESTAMP,
                    })));
                }
                Event::Deleted(_) if sent.is_empty() => {}
                Event::Deleted(which) => {
                    let which = *which.get(&sent);
                    let there = model.iter().position(|(id, _)| *id == which);
                    prop_assert_eq!(event_log::delete(&mut log, &which, None).is_ok(), there.is_some());
                    if let Some(position) = there {
                        model.remove(position);
                        let text = String::from_utf8(log.clone()).unwrap();
                        prop_assert!(!text.contains(&line::message_start(&which)));
                    }
                }
            }
            prop_assert!(log.len() >= before.len(), "offsets never move");
            prop_assert_eq!(offset_of(cursor_at(log.len())), log.len());
        }
        let answer: Value = serde_json::from_slice(&into_json(log.split_off(STATE_LENGTH))).unwrap();
        let messages: Vec<_> = model.into_iter().map(|(_, message)| message).collect();
        prop_assert_eq!(answer, json!({"conversationId": id.to_string(), "messages": messages}));
    }

    #[test]
    fn a_deletion_leaves_nothing_of_the_content_behind(secret in "[a-z]{12}") {
        let mut log = event_log::new(&ConversationId::random());
        let id = MessageId::next().at(cursor_at(log.len()));
        let message = NewMessage::new(Sender::Agent, secret.clone(), TIMESTAMP.to_owned()).unwrap();
        log.extend(line::message(&id, &message));
        prop_assert!(event_log::delete(&mut log, &id, None).is_ok());
        prop_assert!(!String::from_utf8(log).unwrap().contains(&secret));
    }
}

proptest! {
    #[test]
    fn a_log_whose_last_messages_were_blanked_is_still_json(kept in 0..4usize, blanked in 1..4usize) {
        let mut log = event_log::new(&ConversationId::random());
        let mut ends = Vec::new();
        for _ in 0..kept + blanked {
            let id = MessageId::next().at(cursor_at(log.len()));
            let message = NewMessage::new(Sender::Agent, "x".to_owned(), TIMESTAMP.to_owned());
            log.extend(line::message(&id, &message.unwrap()));
            ends.push(id);
        }
        // As a read in pieces finds it, which ends where the conversation stood at first.
        let length = log.len();
        for id in &ends[kept..] {
            prop_assert!(event_log::delete(&mut log, id, None).is_ok());
        }
        log.truncate(length);
        let answer: Value = serde_json::from_slice(&into_json(log.split_off(STATE_LENGTH))).unwrap();
        prop_assert_eq!(answer["messages"].as_array().unwrap().len(), kept);
    }
}
