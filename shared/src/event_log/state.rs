//! A conversation's state: a line of fixed length before its log.
//!
//! The scripts that write to Redis read and write its fields at fixed offsets:
//!
//! | bytes | field | at first |
//! |---|---|---|
//! | 0 | whether it is open (`o`) or closed (`c`) | `o` |
//! | 1 | who took it: nobody (`-`), an unknown agent (`a`), a known agent (`n`) | `-` |
//! | 2 to 14 | the newest message that a retry added: the start of its id, which is its time | zeros |
//! | 15 to 27 | until when sends are remembered: milliseconds since 1970, by Redis's clock | zeros |
//! | 28 to 59 | a digest of the known agent who took it, in hexadecimal | blanks |
//! | 60 to 69 | the cursor up to which the customer has seen it, in decimal | zeros |
//! | 70 to 79 | the same for the agent | zeros |
//! | 80 to 93 | a random number of the request that created it, in hexadecimal | blanks |
//! | 94 | unused | a blank |
//! | 95 | a line feed | |
//!
//! The state is in the conversation's own string, because under `maxmemory-policy volatile-lru` a
//! second key could be evicted alone.

use std::ops::Range;

use crate::domain::cursor::Cursor;
use crate::domain::seen::Seen;
use crate::domain::sender::Sender;
use crate::domain::taker::Taker;

/// Bytes of the state.
pub const STATE_LENGTH: usize = 96;

/// The state of a new conversation.
pub const NEW: &[u8; STATE_LENGTH] = b"o-00000000-00000000000000000\
    \x20                               00000000000000000000               \n";

const _: () = assert!(NEW[STATE_LENGTH - 1] == b'\n' && NEW[10] == b'-' && NEW[60] == b'0');

const TAKER: Range<usize> = 28..60;
const CREATOR: Range<usize> = 80..94;
/// Digits of a cursor.
const SEEN_LENGTH: usize = 10;

/// Reads how far each side has seen the conversation.
pub fn seen(state: &[u8]) -> Seen {
    let mark = |sender| {
        let start = seen_start(sender);
        let digits = state.get(start..start + SEEN_LENGTH).and_then(|it| str::from_utf8(it).ok());
        Cursor(digits.and_then(|digits| digits.parse().ok()).unwrap_or_default())
    };
    Seen { customer: mark(Sender::Customer), agent: mark(Sender::Agent) }
}

/// Where a side's mark begins.
pub fn seen_start(sender: Sender) -> usize {
    match sender {
        Sender::Customer => 60,
        Sender::Agent => 70,
    }
}

/// A mark as the state keeps it, so that marks compare as texts do.
pub fn seen_text(cursor: Cursor) -> String {
    format!("{:0width$}", cursor.0, width = SEEN_LENGTH)
}

/// Sets a side's mark.
pub fn set_seen(state: &mut [u8], sender: Sender, cursor: Cursor) {
    let start = seen_start(sender);
    state[start..start + SEEN_LENGTH].copy_from_slice(seen_text(cursor).as_bytes());
}

/// Whether the conversation is closed.
pub fn is_closed(state: &[u8]) -> bool {
    state.first() == Some(&b'c')
}

/// Bytes of the state that tell whether the conversation waits.
pub const STATUS_LENGTH: usize = 2;

/// Whether the conversation waits for an agent: it is open, and nobody has taken it. An empty state
/// is that of a conversation that is not there.
pub fn is_waiting(state: &[u8]) -> bool {
    state.starts_with(b"o-")
}

/// Closes the conversation.
pub fn close(state: &mut [u8]) {
    state[0] = b'c';
}

/// Who has taken the conversation, as [`Taker`] writes it; `None` if nobody has.
pub fn taken_by(state: &[u8]) -> Option<String> {
    let digest = String::from_utf8_lossy(&state[TAKER]);
    match state[1] {
        b'a' => Some("a".to_owned()),
        b'n' => Some(format!("n{digest}")),
        _ => None,
    }
}

/// Lets an agent take the conversation.
pub fn take(state: &mut [u8], taker: Taker) {
    let taker = taker.to_string();
    state[1] = taker.as_bytes()[0];
    if taker.len() > 1 {
        state[TAKER].copy_from_slice(&taker.as_bytes()[1..]);
    }
}

/// Which request created the conversation: its random number; 0 for a conversation without a key,
/// whose id no other ever has.
pub fn creator(state: &[u8]) -> u64 {
    let digits = state.get(CREATOR).and_then(|digits| str::from_utf8(digits).ok());
    digits.and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or_default()
}

/// Sets a random number, by which the request that creates the conversation knows its own again.
pub(crate) fn set_creator(state: &mut [u8], random: u64) {
    let digits = format!("{random:014x}");
    state[CREATOR].copy_from_slice(&digits.as_bytes()[digits.len() - CREATOR.len()..]);
}
