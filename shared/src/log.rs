//! The bytes in which a conversation is kept, which are nearly those in which it is answered.
//!
//! A log is one string of lines. The first opens the answer; each further one is an event:
//!
//! ```text
//! {"conversationId":"3f0c…","messages":[
//! {"messageId":"0198…","sender":"agent","content":"Hello","timestamp":"2025-04-05T14:01:00Z"},
//!                                                                                (blanks)
//! {"deleted":"0198…"},
//! ```
//!
//! - Sending appends a message's line: no read, and no cost that grows with the conversation.
//! - Deleting overwrites a message's line with blanks, so that its content is gone at once, and
//!   appends a line that says so. No offset ever moves.
//! - Reading everything takes the whole string and turns its last comma into `]}`. Only a log that
//!   holds deletions is walked, to leave those lines and the blank ones out.
//!
//! JSON escapes quotes and line feeds inside strings. So a line feed always ends an event, and
//! `{"messageId":"` or `{"deleted":"` always begins one, whatever a message may contain.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::{self, Finder};
use memchr::{memchr, memchr_iter, memrchr};
use serde::Serialize;

use crate::conversation::ConversationId;
use crate::cursor::Cursor;
use crate::error::Error;
use crate::limits::MAX_CONTENT_BYTES;
use crate::message::{MessageId, NewMessage, Sender};

/// What begins the line of a message, before its id.
pub const MESSAGE_MARK: &str = "{\"messageId\":\"";
/// What begins the line of a deletion, before the id of the message that was deleted.
pub const DELETION_MARK: &str = "{\"deleted\":\"";

const HEADER_START: &str = "{\"conversationId\":\"";
const HEADER_END: &str = "\",\"messages\":[\n";
/// Bytes of the first line, the same in every log; cursors count from its end.
pub const HEADER_LENGTH: usize = HEADER_START.len() + ConversationId::LENGTH + HEADER_END.len();

/// More bytes than any line has: content may grow sixfold by escaping, and the rest is ids.
pub const MAX_LINE_BYTES: u32 = 6 * MAX_CONTENT_BYTES as u32 + 1024;

/// The log of a conversation in which nothing has happened yet.
pub fn empty(id: &ConversationId) -> Vec<u8> {
    id.between(HEADER_START, HEADER_END).into_bytes()
}

/// The line that adds a message.
pub fn message_line(id: &MessageId, message: &NewMessage) -> Vec<u8> {
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

/// The line that tells of a deletion.
pub fn deletion_line(id: &MessageId) -> Vec<u8> {
    format!("{DELETION_MARK}{id}\"}},\n").into_bytes()
}

/// What every line of this message begins with.
pub fn message_start(id: &MessageId) -> String {
    format!("{MESSAGE_MARK}{id}\"")
}

/// How a line goes on after [`message_start`], by the message's sender.
pub fn sender_part(sender: Sender) -> String {
    format!(",\"sender\":\"{}\"", sender.name())
}

/// Blanks a message's line and appends the line that says so.
///
/// Nothing is changed where there is no such message, or no more, or where it is not `of` the one
/// sender whose messages may be deleted.
pub fn delete(log: &mut Vec<u8>, id: &MessageId, of: Option<Sender>) -> Result<(), Error> {
    let start = message_start(id);
    let line = find_message(log, &start).ok_or(Error::MessageNotFound)?;
    let rest = &log[line.start + start.len()..line.end];
    if of.is_some_and(|sender| !rest.starts_with(sender_part(sender).as_bytes())) {
        return Err(Error::ForbiddenDeletion);
    }
    log[line].fill(b' ');
    log.extend_from_slice(&deletion_line(id));
    Ok(())
}

/// Where a message's line is, without its line feed.
fn find_message(log: &[u8], start: &str) -> Option<Range<usize>> {
    let start = memmem::find(log, start.as_bytes())?;
    let length = memchr(b'\n', &log[start..])?;
    Some(start..start + length)
}

/// The cursor at the end of a log of this many bytes.
pub fn end(length: usize) -> Cursor {
    Cursor(length.saturating_sub(HEADER_LENGTH) as u32)
}

/// Bytes of a log that ends at this cursor.
pub fn length_at(cursor: Cursor) -> usize {
    HEADER_LENGTH + cursor.0 as usize
}

/// The lines after a cursor, of a part of a log that begins with the byte before it.
///
/// A cursor that was given out is the end of a line, so that byte is a line feed. Where it is not,
/// or there is none, the cursor was not given out. A last line that the part holds only the
/// beginning of is left off.
pub fn lines_after_cursor(mut part: Vec<u8>) -> Result<Vec<u8>, Error> {
    if part.first() != Some(&b'\n') {
        return Err(Error::InvalidCursor);
    }
    let end = memrchr(b'\n', &part).unwrap_or_default();
    part.truncate(end + 1);
    part.remove(0);
    Ok(part)
}

/// Something that happened in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A message was sent: the message as a JSON object.
    Message(&'a [u8]),
    /// The message of this id was deleted.
    Deleted(&'a [u8]),
}

/// The events in some lines that begin at a cursor, each with the cursor at its end.
///
/// Messages that have been deleted since are left out.
pub fn events(lines: &[u8], start: Cursor) -> impl Iterator<Item = (Cursor, Event<'_>)> {
    let mut end = start;
    let mut starts_at = 0;
    memchr_iter(b'\n', lines).filter_map(move |line_feed| {
        let line = &lines[starts_at..=line_feed];
        starts_at = line_feed + 1;
        end = end.advanced_by(line.len());
        let event = line.strip_suffix(b",\n")?;
        if event.starts_with(MESSAGE_MARK.as_bytes()) {
            return Some((end, Event::Message(event)));
        }
        let id = event.strip_prefix(DELETION_MARK.as_bytes())?.strip_suffix(b"\"}")?;
        Some((end, Event::Deleted(id)))
    })
}

/// Looks for deletions; made once, because making it costs half of a look at a short log.
static DELETIONS: LazyLock<Finder> = LazyLock::new(|| Finder::new(DELETION_MARK));

/// Turns a whole log into the answer that lists its messages, in place.
pub fn into_answer(mut log: Vec<u8>) -> Vec<u8> {
    if DELETIONS.find(&log).is_some() {
        retain_messages(&mut log);
    }
    // Of the first line only a line feed is left over, of an event a comma as well.
    let left_over = if log.ends_with(b",\n") { 2 } else { 1 };
    log.truncate(log.len().saturating_sub(left_over));
    log.extend_from_slice(b"]}");
    log
}

/// Moves the lines of messages together, over the blank lines and those of deletions.
fn retain_messages(log: &mut Vec<u8>) {
    let mut kept = HEADER_LENGTH;
    let mut start = HEADER_LENGTH;
    // A log shorter than its first line holds no events, whatever it holds.
    while let Some(length) = log.get(start..).and_then(|rest| memchr(b'\n', rest)) {
        let line = start..=start + length;
        start += length + 1;
        if log[line.clone()].starts_with(MESSAGE_MARK.as_bytes()) {
            log.copy_within(line, kept);
            kept += length + 1;
        }
    }
    log.truncate(kept);
}
