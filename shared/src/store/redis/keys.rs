//! The names of a conversation's keys and of its channel. The common `{…}` puts them into one hash
//! slot.
//!
//! They begin with the number of the format, so that a later format never reads what this one wrote.

use crate::domain::conversation::ConversationId;

const START: &str = "chat:2:{";
const CHANNEL_END: &str = "}:events";

/// A string: the conversation's state and its log, see [`crate::event_log`].
pub(super) fn conversation_key(id: &ConversationId) -> String {
    id.to_key(START, "}:log")
}

/// A hash: for each remembered send the digest of its key, with a fingerprint and the message's id.
pub(super) fn sends_key(id: &ConversationId) -> String {
    id.to_key(START, "}:sends")
}

/// The queue of the conversations that wait for an agent. Its hash slot is that of the id that no
/// conversation has, and so is its channel.
pub(super) fn queue_key() -> String {
    ConversationId::NIL.to_key(START, "}:queue")
}

/// The channel on which the conversation's events are published.
pub(super) fn channel(id: &ConversationId) -> String {
    id.to_key(START, CHANNEL_END)
}

/// The conversation that a channel belongs to.
pub(super) fn conversation_of(channel: &[u8]) -> Option<ConversationId> {
    let channel = std::str::from_utf8(channel).ok()?;
    channel.strip_prefix(START)?.strip_suffix(CHANNEL_END)?.parse().ok()
}
