//! What is measured.

use crate::Outcome;
use crate::targets::Target;

/// A line of the tables.
pub struct Row {
    pub name: &'static str,
    pub action: Action,
    /// Messages in each conversation when a measurement begins.
    pub messages: usize,
    /// Conversations for each second of a measurement, over which the requests go round: so many
    /// that a conversation which is sent to stays about as long as it was, and never fills up.
    pub conversations: usize,
    /// Who is measured beside the router and the floor.
    pub others: &'static [Target],
}

/// What is asked of a conversation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Create,
    Send,
    /// With an `Idempotency-Key` that was not sent before.
    SendOnce,
    Read,
    /// With the current `ETag` in `If-None-Match`.
    ReadUnchanged,
    /// From the current cursor.
    ReadAfter,
    /// Each message once, the oldest of all conversations first.
    Delete,
}

use Action::{Create, Delete, Read, ReadAfter, ReadUnchanged, Send, SendOnce};
use Target::{Memory, Naive};

/// Long conversations are not brought into memory: there is no quick way, and their length is
/// nothing to it.
const ROWS: [Row; 12] = [
    row("create", Create, 0, 1, &[Memory]),
    row("send to 10", Send, 10, 8_000, &[Memory, Naive]),
    row("send to 1,000", Send, 1_000, 256, &[Memory, Naive]),
    row("send to 10,000", Send, 10_000, 16, &[]),
    row("send once to 10", SendOnce, 10, 8_000, &[Memory]),
    row("read 10", Read, 10, 500, &[Memory]),
    row("read 100", Read, 100, 100, &[Memory]),
    row("read 1,000", Read, 1_000, 32, &[Memory, Naive]),
    row("unchanged since 100", ReadUnchanged, 100, 100, &[Memory]),
    row("nothing after 1,000", ReadAfter, 1_000, 32, &[Memory]),
    row("delete of 10", Delete, 10, 8_000, &[]),
    row("delete of 10,000", Delete, 10_000, 16, &[]),
];

const fn row(
    name: &'static str,
    action: Action,
    messages: usize,
    conversations: usize,
    others: &'static [Target],
) -> Row {
    Row { name, action, messages, conversations, others }
}

/// The rows with this in their name.
pub fn named_like(part: &str) -> Outcome<Vec<&'static Row>> {
    let rows: Vec<_> = ROWS.iter().filter(|row| row.name.contains(part)).collect();
    if rows.is_empty() {
        let names: Vec<_> = ROWS.iter().map(|row| row.name).collect();
        return Err(format!("no row is named like {part:?}; they are: {}", names.join("; ")).into());
    }
    Ok(rows)
}
