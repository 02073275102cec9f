//! Reading a log.

use std::sync::LazyLock;

use bytes::Bytes;
use memchr::memmem::Finder;
use memchr::{memchr, memchr_iter, memrchr};

use super::FIRST_LINE_LENGTH;
use super::line::{DELETION_MARK, EVENT_MARK, MESSAGE_MARK};
use crate::domain::cursor::Cursor;
use crate::error::Error;

/// Something that happened in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A message was sent. The bytes are the message as a JSON object.
    Message(&'a [u8]),
    /// A message was deleted. The bytes are its id.
    Deleted(&'a [u8]),
    /// Something else: its name, and the whole event as a JSON object.
    Other(&'static str, &'a [u8]),
}

/// The events in lines that begin at a cursor, each with the cursor at its end.
///
/// Deleted messages are left out.
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
        if let Some(rest) = event.strip_prefix(DELETION_MARK.as_bytes()) {
            return Some((end, Event::Deleted(rest.strip_suffix(b"\"}")?)));
        }
        let name = event.strip_prefix(EVENT_MARK.as_bytes())?;
        let name = OTHER_EVENTS.into_iter().find(|other| name.starts_with(other.as_bytes()))?;
        Some((end, Event::Other(name, event)))
    })
}

/// The names of the events that are neither a message nor a deletion. None begins another.
const OTHER_EVENTS: [&str; 3] = ["created", "joined", "closed"];

/// The whole lines after a cursor. `part` is a part of the conversation that begins with the byte
/// before the cursor.
///
/// Every valid cursor is at the end of a line, so that this byte is a line feed. Without it, fails
/// with [`Error::InvalidCursor`].
pub fn lines_after_cursor(part: impl Into<Bytes>) -> Result<Bytes, Error> {
    let part = part.into();
    if part.first() != Some(&b'\n') {
        return Err(Error::InvalidCursor);
    }
    Ok(part.slice(1..whole_lines(&part)))
}

/// How many bytes of a part are whole lines.
pub fn whole_lines(part: &[u8]) -> usize {
    memrchr(b'\n', part).map_or(0, |line_feed| line_feed + 1)
}

/// Finds lines that are no messages. It is built once, because building it takes half as long as
/// searching a short log.
static EVENTS: LazyLock<Finder> = LazyLock::new(|| Finder::new(EVENT_MARK));

/// Turns a whole log, from its first line on, into the JSON that lists its messages, in place.
pub fn into_json(mut log: Vec<u8>) -> Vec<u8> {
    if EVENTS.find(&log).is_some() {
        retain_messages(&mut log);
    }
    // The last lines may be blank: a message may be deleted while a log is read in pieces, and the
    // deletion's line is after the end that is read to.
    let whole = log.trim_ascii_end();
    log.truncate(whole.strip_suffix(b",").unwrap_or(whole).len());
    log.extend_from_slice(b"]}");
    log
}

/// Removes all lines but those of messages.
fn retain_messages(log: &mut Vec<u8>) {
    let mut kept = FIRST_LINE_LENGTH;
    let mut start = FIRST_LINE_LENGTH;
    // A log that is shorter than its first line has no events.
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
