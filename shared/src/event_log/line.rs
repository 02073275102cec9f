//! The lines of a log: what each looks like.

use std::ops::Range;

use memchr::memchr;
use serde::Serialize;

use crate::domain::cursor::Cursor;
use crate::domain::limits::MAX_CONTENT_BYTES;
use crate::domain::message::{MessageId, NewMessage, Sender};

/// What begins the line of a message, before its id.
pub const MESSAGE_MARK: &str = "{\"messageId\":\"";
/// What begins every line that is no message.
pub const EVENT_MARK: &str = "{\"event\":\"";
/// What begins the line of a deletion, before the id of the message that was deleted.
pub const DELETION_MARK: &str = "{\"event\":\"deleted\",\"messageId\":\"";

/// More bytes than any line has: content may grow sixfold by escaping, and the rest is ids.
pub const MAX_LINE_BYTES: u32 = 6 * MAX_CONTENT_BYTES as u32 + 1024;

/// Where in a message's line the last 32 bits of its id stand, which say where the line begins.
pub const PLACE: Range<usize> =
    MESSAGE_MARK.len() + MessageId::LENGTH - 8..MESSAGE_MARK.len() + MessageId::LENGTH;

/// The line that adds a message. Its id's place is that in `id`.
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
    // Strings into memory: neither serializing nor writing them can fail.
    let _ = serde_json::to_writer(&mut line, &fields);
    line.extend_from_slice(b",\n");
    line
}

/// Writes into a message's line where it begins.
pub fn set_place(line: &mut [u8], place: Cursor) {
    let digits = line[PLACE].iter_mut().rev().enumerate();
    digits.for_each(|(index, digit)| {
        *digit = b"0123456789abcdef"[(place.0 >> (4 * index)) as usize & 0xf];
    });
}

/// The line that tells of a deletion.
pub fn deletion(id: &MessageId) -> Vec<u8> {
    format!("{DELETION_MARK}{id}\"}},\n").into_bytes()
}

/// What the line of this message begins with.
pub fn message_start(id: &MessageId) -> String {
    format!("{MESSAGE_MARK}{id}\"")
}

/// How a line goes on after [`message_start`], by the message's sender.
pub fn sender_part(sender: Sender) -> String {
    format!(",\"sender\":\"{}\"", sender.name())
}

/// The line of a message, without its line feed; `rest` is the log from the byte before it.
pub fn of_message<'a>(rest: &'a [u8], id: &MessageId) -> Option<&'a [u8]> {
    let rest = rest.strip_prefix(b"\n")?;
    let is_its = rest.starts_with(message_start(id).as_bytes());
    is_its.then_some(&rest[..memchr(b'\n', rest)?])
}

/// Whether a message's line says that it is from this sender.
pub fn is_from(line: &[u8], sender: Sender) -> bool {
    let after_id = PLACE.end + 1;
    line.get(after_id..).is_some_and(|rest| rest.starts_with(sender_part(sender).as_bytes()))
}
