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

/// The lines after a cursor, of a part of a conversation that begins with the byte before it.
///
/// A cursor that was given out is the end of a line, so that byte is a line feed. Where it is not,
/// or there is none, the cursor was not given out. A last line that the part holds only the
/// beginning of is left off.
pub fn lines_after_cursor(part: impl Into<Bytes>) -> Result<Bytes, Error> {
    let part = part.into();
    if part.first() != Some(&b'\n') {
        return Err(Error::InvalidCursor);
    }
    Ok(part.slice(1..whole_lines(&part)))
}

/// How many bytes of a part are lines that it holds to their ends.
pub fn whole_lines(part: &[u8]) -> usize {
    memrchr(b'\n', part).map_or(0, |line_feed| line_feed + 1)
}

/// Looks for lines that are no messages; made once, because making it costs half of a look at a
/// short log.
static EVENTS: LazyLock<Finder> = LazyLock::new(|| Finder::new(EVENT_MARK));

/// Turns a whole log, from its first line on, into the JSON that lists its messages, in place.
pub fn into_json(mut log: Vec<u8>) -> Vec<u8> {
    if EVENTS.find(&log).is_some() {
        retain_messages(&mut log);
    }
    // The last lines may be blank: of a log that is read in pieces, up to where it stood at first, a
    // message may have been deleted meanwhile.
    let whole = log.trim_ascii_end();
    log.truncate(whole.strip_suffix(b",").unwrap_or(whole).len());
    log.extend_from_slice(b"]}");
    log
}

/// Moves the lines of messages together, over the blank lines and those of other events.
fn retain_messages(log: &mut Vec<u8>) {
    let mut kept = FIRST_LINE_LENGTH;
    let mut start = FIRST_LINE_LENGTH;
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
