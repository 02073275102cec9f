//! Everything that is parsed from what a client sent, against anything that a client may send.
//!
//! The long run is described in `log_readers.rs`.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use shared::domain::conversation::ConversationId;
use shared::domain::cursor::Cursor;
use shared::domain::idempotency::IdempotencyKey;
use shared::domain::limits::{MAX_BODY_BYTES, MAX_CONTENT_BYTES};
use shared::domain::message::NewMessage;
use shared::domain::message_id::MessageId;
use shared::domain::timestamp;
use shared::event_log::line;

/// Texts that have broken parsers of numbers, ids and times before.
const TEXTS: [&str; 30] = [
    "",
    "0",
    "00",
    "-0",
    "+1",
    " 1",
    "1 ",
    "1\0",
    "1e9",
    "0x10",
    "٣",
    "４",
    "4294967295",
    "4294967296",
    "99999999999999999999999999",
    "2025-04-05T14:01:00Z",
    "2025-04-05T14:01:00+é",
    "2025-04-05T14:01:00,,5Z",
    "2025-04-05T14:01:00+-2",
    "2025-04-05T14:01:00-",
    "2025-04-05T14:01:00+02:0",
    "2025-04-05T14:01:0é",
    "+2025-04-05T14:01:00Z",
    "-0001-04-05T14:01:00Z",
    "9999-12-31T23:59:60,999999999999999999999999999999999999999Z",
    "2025-04-05T14:01:00+24:00",
    "01980a2b-0000-7000-8000-000000000001",
    "01980A2B-0000-7000-8000-000000000001",
    "{01980a2b-0000-7000-8000-000000000001}",
    "urn:uuid:01980a2b-0000-7000-8000-000000000001",
];

/// Bodies that have broken readers of JSON before.
fn bodies() -> Vec<Vec<u8>> {
    let with = |content: &str| {
        format!(r#"{{"sender":"agent","content":{content},"timestamp":"2025-04-05T14:01:00Z"}}"#)
    };
    let mut bodies: Vec<Vec<u8>> = [
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"\\ud83d\\ude00\"",
        "\"\\u0000\"",
        "\"\\u00\"",
        "\"\0\"",
        "\"\n\"",
        "1e999999999",
        "-",
        "0000",
        "123456789012345678901234567890",
        "NaN",
        "\"unended",
    ]
    .into_iter()
    .map(|content| with(content).into_bytes())
    .collect();
    for nested in ["[", "{\"a\":", "[{\"a\":"] {
        bodies.push(nested.repeat(20_000).into_bytes());
        bodies.push(with(&nested.repeat(20_000)).into_bytes());
        bodies.push(format!("{{\"x\":{}", nested.repeat(20_000)).into_bytes());
    }
    bodies.extend([b"{".to_vec(), b"\xef\xbb\xbf{}".to_vec(), b"{\"\xff\":1}".to_vec()]);
    bodies.push(with(&format!("\"{}\"", "x".repeat(MAX_CONTENT_BYTES + 1))).into_bytes());
    bodies.push([b"{}".to_vec(), vec![b' '; MAX_BODY_BYTES]].concat());
    bodies
}

fn parse_in_every_way(text: &str) {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|number: &u32| digits && number.to_string() == text);
    assert_eq!(text.parse::<Cursor>().ok(), number.map(Cursor), "{text:?}");

    let visible = text.bytes().all(|byte| (b'!'..=b'~').contains(&byte));
    let key = visible && !text.is_empty() && text.len() <= 255;
    assert_eq!(text.parse::<IdempotencyKey>().is_ok(), key, "{text:?}");

    let conversation = text.parse::<ConversationId>().map(|id| id.to_string());
    let message = text.parse::<MessageId>().map(|id| id.to_string());
    for id in [conversation, message].into_iter().flatten() {
        assert!(id.eq_ignore_ascii_case(text), "{text:?}");
    }

    if timestamp::is_valid(text) {
        assert!(text.is_ascii() && (20..=64).contains(&text.len()), "{text:?}");
        assert!(!text.contains(|c: char| c.is_whitespace() || c.is_control()), "{text:?}");
    }
}

/// A message that is accepted keeps within its limits, and its line says what it says.
fn read_message(body: &[u8]) {
    let Ok(message) = NewMessage::from_json(body) else { return };
    assert!((1..=MAX_CONTENT_BYTES).contains(&message.content().len()));
    let id = MessageId::next();
    let line = line::message(&id, &message);
    assert!(line.len() < shared::event_log::line::MAX_LINE_BYTES as usize);
    assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
    let read: Value = serde_json::from_slice(line.strip_suffix(b",\n").unwrap()).unwrap();
    let sent: Value = serde_json::from_slice(body).unwrap();
    for field in ["sender", "content", "timestamp"] {
        assert_eq!(read[field], sent[field]);
    }
}

fn nearly_a_text() -> impl Strategy<Value = String> {
    let changed = (prop::sample::select(&TEXTS[..]), any::<Index>(), any::<char>());
    let changed = changed.prop_map(|(text, place, new)| {
        let mut characters: Vec<char> = text.chars().collect();
        characters.insert(place.index(characters.len() + 1), new);
        characters.into_iter().collect()
    });
    prop_oneof![
        any::<String>(),
        "[0-9+. -]{0,14}",
        "[!-~]{250,260}",
        "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9][.,]?[0-9]{0,10}[Z+:0-9é−-]{0,7}",
        "[0-9a-fA-F]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        changed,
    ]
}

fn nearly_a_body() -> impl Strategy<Value = Vec<u8>> {
    let parts = ("customer|agent|x", any::<String>(), "[0-9]{4}-04-05T14:01:00Z");
    let changes = prop::collection::vec((any::<Index>(), any::<u8>()), 0..3);
    (parts, changes).prop_map(|((sender, content, timestamp), changes)| {
        let body = json!({"sender": sender, "content": content, "timestamp": timestamp});
        let mut body = body.to_string().into_bytes();
        for (place, byte) in changes {
            *place.get_mut(&mut body) = byte;
        }
        body
    })
}

#[test]
fn no_parser_breaks_on_the_corpus() {
    TEXTS.into_iter().for_each(parse_in_every_way);
    for body in bodies() {
        read_message(&body);
    }
}

proptest! {
    #[test]
    fn no_parser_breaks_on_any_text(text in nearly_a_text()) {
        parse_in_every_way(&text);
    }

    #[test]
    fn no_body_breaks_the_reader_and_what_it_takes_it_keeps(
        body in prop_oneof![nearly_a_body(), prop::collection::vec(any::<u8>(), 0..200)],
    ) {
        read_message(&body);
    }
}
