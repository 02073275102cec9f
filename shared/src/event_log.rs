//! The bytes of a conversation. They are stored nearly as they are sent to a reader.
//!
//! A conversation is one string: its state, then its log. The state is a line of fixed length (see
//! [`state`]). The log's first line opens the response; each further one is an event:
//!
//! ```text
//! o-                                …                                          (96 bytes of state)
//! {"conversationId":"3f0c…","messages":[
//! {"messageId":"0198…","sender":"agent","content":"Hello","timestamp":"2025-04-05T14:01:00Z"},
//!                                                                                         (blanks)
//! {"event":"deleted","messageId":"0198…"},
//! {"event":"closed","sender":"agent","at":"2025-04-05T14:03:00.000Z"},
//! ```
//!
//! - Sending appends a message's line. The last 32 bits of the message's id are the offset of that
//!   line, so that no search is needed to find it.
//! - Deleting overwrites a message's line with blanks, so that its content is gone at once, and
//!   appends a line that says so. Offsets never move.
//! - Reading everything takes the whole log and replaces its last comma with `]}`. Lines that are no
//!   messages are left out, which takes a walk through the log only if it has such lines.
//! - What a conversation is (closed, taken, seen) stands in the state as well, so that the scripts
//!   need not read the log.
//!
//! JSON escapes quotes and line feeds inside strings. So a line feed always ends an event, and
//! `{"messageId":"` or `{"event":"` always begins one, whatever a message may contain.

pub mod line;
pub mod read;
pub mod state;

use memchr::memchr;

use crate::domain::conversation::ConversationId;
use crate::domain::cursor::Cursor;
use crate::domain::message_id::MessageId;
use crate::domain::sender::Sender;
use crate::error::Error;
use state::STATE_LENGTH;

const FIRST_LINE_START: &str = "{\"conversationId\":\"";
const FIRST_LINE_END: &str = "\",\"messages\":[\n";
/// Bytes of the log's first line, the same in every log.
pub const FIRST_LINE_LENGTH: usize =
    FIRST_LINE_START.len() + ConversationId::LENGTH + FIRST_LINE_END.len();
/// Bytes before the first event; cursors count from here.
pub const FRONT_LENGTH: usize = STATE_LENGTH + FIRST_LINE_LENGTH;

/// The first line of a conversation's log. It differs from that of every other conversation.
pub fn first_line(id: &ConversationId) -> String {
    id.to_key(FIRST_LINE_START, FIRST_LINE_END)
}

/// A new conversation: its state and its log.
pub fn new(id: &ConversationId) -> Vec<u8> {
    [state::NEW, first_line(id).as_bytes()].concat()
}

/// How a creation that finds a conversation is related to the one that created it.
pub enum Creator {
    /// Both are one, of which an earlier attempt has arrived.
    Same,
    /// The other had the same metadata.
    Alike,
    /// The other had other metadata.
    Different,
}

/// Tells who created a conversation. `found` is its beginning, `new` all of one to be created.
pub fn creator(found: &[u8], new: &[u8]) -> Creator {
    let metadata = |conversation| -> Option<&[u8]> {
        let events: &[u8] = <[u8]>::get(conversation, FRONT_LENGTH..)?;
        let line = events.strip_prefix(line::CREATION_MARK.as_bytes())?;
        line.get(..memchr(b'\n', line)? - line::CREATION_END_LENGTH)
    };
    if state::creator(found) == state::creator(new) {
        Creator::Same
    } else if metadata(found) == metadata(new) {
        Creator::Alike
    } else {
        Creator::Different
    }
}

/// The cursor at the end of a conversation whose string has this many bytes.
pub fn cursor_at(length: usize) -> Cursor {
    Cursor(length.saturating_sub(FRONT_LENGTH) as u32)
}

/// The offset of a cursor in a conversation's string.
pub fn offset_of(cursor: Cursor) -> usize {
    FRONT_LENGTH + cursor.0 as usize
}

/// Blanks a message's line and appends the line that says so.
///
/// With a sender, only a message of that sender is deleted. On an error nothing is changed.
pub fn delete(
    conversation: &mut Vec<u8>,
    id: &MessageId,
    sender: Option<Sender>,
) -> Result<(), Error> {
    let before = offset_of(id.place()) - 1;
    let line = conversation.get(before..).and_then(|rest| line::of_message(rest, id));
    let line = line.ok_or(Error::MessageNotFound)?;
    if sender.is_some_and(|sender| !line::is_from(line, sender)) {
        return Err(Error::ForbiddenDeletion);
    }
    let start = before + 1;
    let end = start + line.len();
    conversation[start..end].fill(b' ');
    conversation.extend_from_slice(&line::deletion(id));
    Ok(())
}
