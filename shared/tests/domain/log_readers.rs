//! The log's readers against bytes that no writer of ours wrote.
//!
//! The corpus runs always, and 256 cases of each property; a long run is
//! `PROPTEST_CASES=1000000 cargo test --release -p shared --test domain`.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;
use shared::domain::conversation::ConversationId;
use shared::domain::cursor::Cursor;
use shared::domain::message::NewMessage;
use shared::domain::message_id::MessageId;
use shared::domain::sender::Sender;
use shared::event_log::read::{Event, events, into_json, lines_after_cursor};
use shared::event_log::{self, FRONT_LENGTH, cursor_at, line, offset_of};

/// Of a message at the place 0.
const ID: &str = "01980a2b-0000-7000-8000-000000000000";

/// What once broke a reader, or looks as if it could.
const CORPUS: [&[u8]; 22] = [
    b"",
    b"\n",
    b"\n\n\n",
    b",\n",
    b"\0",
    b"\xff\xfe\n",
    b"{\"event\":\"deleted\",\"messageId\":\"",
    b"{\"event\":\"deleted\",\"messageId\":\"\n",
    b"{\"event\":\"deleted\",\"messageId\":\"\"},\n",
    b"\n{\"event\":\"deleted\",\"messageId\":\"\"},\n",
    b"\n{\"event\":\"deleted\",\"messageId\":\"\"}\n",
    b"{\"event\":\"deleted\",\"messageId\":\"01980a2b-0000-7000-8000-000000000000\"},\n",
    b"{\"messageId\":\"",
    b"{\"messageId\":\"01980a2b-0000-7000-8000-000000000000\"",
    b"{\"messageId\":\"01980a2b-0000-7000-8000-000000000000\"\n",
    b"\n{\"messageId\":\"01980a2b-0000-7000-8000-000000000000\",\"x\":1},\n",
    b"{\"conversationId\":\"\",\"messages\":[\n{\"event\":\"deleted\",\"messageId\":\"\"},\n",
    b"{\"conversationId\":\"01980a2b-0000-7000-8000-000000000000\",\"messages\":[",
    b"{\"conversationId\":\"01980a2b-0000-7000-8000-000000000000\",\"messages\":[\n{\"event\":\"deleted\",\"messageId\":\"",
    b"{\"conversationId\":\"01980a2b-0000-7000-8000-000000000000\",\"messages\":[\n\n\n{\"event\":\"deleted\",\"messageId\":\"x\"},\n\n",
    b"{\"conversationId\":\"01980a2b-0000-7000-8000-000000000000\",\"messages\":[\n   \r\n{\"event\":\"deleted\",\"messageId\":\"x\"}",
    b"{\"messageId\":\"01980a2b-0000-7000-8000-000000000000\"{\"messageId\":\"01980a2b-0000-7000-8000-000000000000\"\n",
];

/// Holds every reader to what it promises of any bytes at all.
fn read_in_every_way(bytes: &[u8], start: Cursor) {
    let answer = into_json(bytes.to_vec());
    assert!(answer.ends_with(b"]}") && answer.len() <= bytes.len() + 2);

    let mut last = start;
    for (cursor, event) in events(bytes, start) {
        assert!(cursor >= last, "a cursor went back");
        last = cursor;
        let (Event::Message(text) | Event::Deleted(text) | Event::Other(_, text)) = event;
        assert!(!text.contains(&b'\n'), "an event is one line");
    }

    match lines_after_cursor(bytes.to_vec()) {
        Err(_) => assert_ne!(bytes.first(), Some(&b'\n')),
        Ok(lines) => {
            assert!(lines.is_empty() || lines.ends_with(b"\n"));
            let rest = bytes.strip_prefix(b"\n").unwrap().strip_prefix(&lines[..]).unwrap();
            assert!(!rest.contains(&b'\n'), "a whole line was left off");
        }
    }

    let mut log = bytes.to_vec();
    let id = ID.parse().unwrap();
    if event_log::delete(&mut log, &id, None).is_ok() {
        let (before, added) = log.split_at(bytes.len());
        assert_eq!(added, line::deletion(&id));
        let kept = before.iter().zip(bytes).all(|(new, old)| new == old || *new == b' ');
        assert!(kept, "deleting did more than blank");
    } else {
        assert_eq!(log, bytes);
    }
    assert_eq!(offset_of(cursor_at(bytes.len())), bytes.len().max(FRONT_LENGTH));
}

/// A log as the stores write it, and the cursors they gave out meanwhile.
fn written(messages: &[(String, bool)]) -> (Vec<u8>, Vec<Cursor>) {
    let mut log = event_log::new(&ConversationId::random());
    let mut given_out = vec![Cursor::START];
    for (number, (content, deleted)) in messages.iter().enumerate() {
        let id: MessageId = if number == 0 { ID.parse().unwrap() } else { MessageId::next() };
        let id = id.at(cursor_at(log.len()));
        let timestamp = "2025-04-05T14:01:00Z".to_owned();
        let message = NewMessage::new(Sender::Agent, content.clone(), timestamp).unwrap();
        log.extend(line::message(&id, &message));
        given_out.push(cursor_at(log.len()));
        if *deleted {
            assert!(event_log::delete(&mut log, &id, None).is_ok());
            given_out.push(cursor_at(log.len()));
        }
    }
    (log, given_out)
}

fn messages() -> impl Strategy<Value = Vec<(String, bool)>> {
    let content = prop_oneof!["[\\x00-\\x7f]{1,12}", ".{1,12}", "[\n\"{},]{1,12}"];
    prop::collection::vec((content, any::<bool>()), 0..8)
}

/// Bytes of every distance from a log: from noise to a log with one byte changed.
fn nearly_a_log() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"\n".to_vec()),
        Just(b",\n".to_vec()),
        Just(line::MESSAGE_MARK.as_bytes().to_vec()),
        Just(line::DELETION_MARK.as_bytes().to_vec()),
        Just(line::CREATION_MARK.as_bytes().to_vec()),
        Just(b"{\"event\":\"joined\"},\n".to_vec()),
        Just(ID.as_bytes().to_vec()),
        Just(b"\"},\n".to_vec()),
        prop::collection::vec(any::<u8>(), 0..8),
    ];
    let pieces = prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat());
    let changes = prop::collection::vec((any::<Index>(), any::<u8>()), 0..4);
    let changed = (messages(), changes, any::<Index>(), any::<Index>());
    let changed = changed.prop_map(|(messages, changes, from, to)| {
        let (mut log, _) = written(&messages);
        for (place, byte) in changes {
            *place.get_mut(&mut log) = byte;
        }
        let (from, to) = (from.index(log.len() + 1), to.index(log.len() + 1));
        log[from.min(to)..from.max(to)].to_vec()
    });
    prop_oneof![prop::collection::vec(any::<u8>(), 0..200), pieces, changed]
}

#[test]
fn no_reader_breaks_on_the_corpus() {
    for bytes in CORPUS {
        for start in [Cursor::START, Cursor(1), Cursor(u32::MAX)] {
            read_in_every_way(bytes, start);
        }
    }
}

proptest! {
    #[test]
    fn no_reader_breaks_on_any_bytes(bytes in nearly_a_log(), start: u32) {
        read_in_every_way(&bytes, Cursor(start));
    }

    #[test]
    fn a_cursor_that_was_given_out_is_accepted_and_every_other_refused(
        messages in messages(),
        far: u32,
    ) {
        let (log, given_out) = written(&messages);
        let beyond = log.len() as u32 + 2;
        for cursor in (0..=beyond).chain([far, u32::MAX]).map(Cursor) {
            let part = log.get(offset_of(cursor) - 1..).unwrap_or_default();
            let lines = lines_after_cursor(part.to_vec());
            prop_assert_eq!(lines.is_ok(), given_out.contains(&cursor), "{}", cursor);
            if let Ok(lines) = lines {
                prop_assert_eq!(&lines[..], &log[offset_of(cursor)..]);
                for (after, event) in events(&lines, cursor) {
                    prop_assert!(given_out.contains(&after));
                    if let Event::Message(message) = event {
                        prop_assert!(serde_json::from_slice::<Value>(message).is_ok());
                    }
                }
            }
        }
    }
}
