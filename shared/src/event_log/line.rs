//! The format of a log's lines.

use std::ops::Range;
use std::time::SystemTime;

use memchr::memchr;
use serde::Serialize;

use crate::domain::cursor::Cursor;
use crate::domain::limits::MAX_CONTENT_BYTES;
use crate::domain::message::NewMessage;
use crate::domain::message_id::MessageId;
use crate::domain::metadata::Metadata;
use crate::domain::sender::Sender;
use crate::domain::timestamp;

/// The start of a message's line, up to its id.
pub const MESSAGE_MARK: &str = "{\"messageId\":\"";
/// The start of every line that is no message.
pub const EVENT_MARK: &str = "{\"event\":\"";
/// The start of a deletion's line, up to the id of the deleted message.
pub const DELETION_MARK: &str = "{\"event\":\"deleted\",\"messageId\":\"";

/// The start of a creation's line, up to the metadata.
pub const CREATION_MARK: &str = "{\"event\":\"created\",\"metadata\":";

/// Bytes of what follows the metadata in a creation's line, up to the line feed.
pub const CREATION_END_LENGTH: usize = ",\"at\":\"2025-04-05T14:01:00.000Z\"},".len();

/// More bytes than any line has. Escaping makes content up to six times as long.
pub const MAX_LINE_BYTES: u32 = 6 * MAX_CONTENT_BYTES as u32 + 1024;

/// Where in a message's line its place is: the last 32 bits of its id, in hexadecimal.
pub const PLACE: Range<usize> =
    MESSAGE_MARK.len() + MessageId::LENGTH - 8..MESSAGE_MARK.len() + MessageId::LENGTH;

/// The line of a message.
pub fn message(id: &MessageId, message: &NewMessage) -> Vec<u8> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Line<'a> {
        message_id: String,
        sender: &'a str,
        content: &'a str,
        timestamp: &'a str,
    }
    let mut line = Vec::with_capacity(message.content().len() + 192);
    let fields = Line {
        message_id: id.to_string(),
        sender: message.sender().name(),
        content: message.content(),
        timestamp: message.timestamp(),
    };
    // Strings are serialized into memory, which cannot fail.
    let _ = serde_json::to_writer(&mut line, &fields);
    line.extend_from_slice(b",\n");
    line
}

/// Sets the place in a message's line.
pub fn set_place(line: &mut [u8], place: Cursor) {
    let digits = line[PLACE].iter_mut().rev().enumerate();
    digits.for_each(|(index, digit)| {
        *digit = b"0123456789abcdef"[(place.0 >> (4 * index)) as usize & 0xf];
    });
}

/// The line of a deletion.
pub fn deletion(id: &MessageId) -> Vec<u8> {
    format!("{DELETION_MARK}{id}\"}},\n").into_bytes()
}

/// The line of a creation with metadata. It is the first.
pub fn created(metadata: &Metadata, at: SystemTime) -> Vec<u8> {
    let (metadata, at) = (metadata.as_json(), timestamp::format(at));
    format!("{CREATION_MARK}{metadata},\"at\":\"{at}\"}},\n").into_bytes()
}

/// The line of an agent's joining.
pub fn joined(name: Option<&str>, at: SystemTime) -> Vec<u8> {
    event("joined", Sender::Agent, name, None, at)
}

/// The line of a closing.
pub fn closed(sender: Sender, reason: Option<&str>, at: SystemTime) -> Vec<u8> {
    event("closed", sender, None, reason, at)
}

fn event(
    event: &str,
    sender: Sender,
    name: Option<&str>,
    reason: Option<&str>,
    at: SystemTime,
) -> Vec<u8> {
    #[derive(Serialize)]
    struct Line<'a> {
        event: &'a str,
        sender: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'a str>,
        at: String,
    }
    let line = Line { event, sender: sender.name(), name, reason, at: timestamp::format(at) };
    // Strings are serialized into memory, which cannot fail.
    let mut line = serde_json::to_vec(&line).unwrap_or_default();
    line.extend_from_slice(b",\n");
    line
}

/// The start of a message's line, with its id.
pub fn message_start(id: &MessageId) -> String {
    format!("{MESSAGE_MARK}{id}\"")
}

/// The part of a message's line that follows [`message_start`].
pub fn sender_part(sender: Sender) -> String {
    format!(",\"sender\":\"{}\"", sender.name())
}

/// Finds a message's line, without its line feed. `rest` is the log from the byte before that line.
pub fn of_message<'a>(rest: &'a [u8], id: &MessageId) -> Option<&'a [u8]> {
    let rest = rest.strip_prefix(b"\n")?;
    let is_message = rest.starts_with(message_start(id).as_bytes());
    is_message.then_some(&rest[..memchr(b'\n', rest)?])
}

/// Whether a message's line is from this sender.
pub fn is_from(line: &[u8], sender: Sender) -> bool {
    let after_id = PLACE.end + 1;
    line.get(after_id..).is_some_and(|rest| rest.starts_with(sender_part(sender).as_bytes()))
}
