//! How far the two sides have seen a conversation.

use crate::domain::cursor::Cursor;
use crate::domain::sender::Sender;

/// How far each side has seen a conversation; the start is as good as nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// How far the customer has.
    pub customer: Cursor,
    /// How far the agent has.
    pub agent: Cursor,
}

impl Seen {
    /// Nobody has seen anything.
    pub const NOTHING: Self = Self { customer: Cursor::START, agent: Cursor::START };

    /// How far one side has seen it.
    pub fn of(&self, sender: Sender) -> Cursor {
        match sender {
            Sender::Customer => self.customer,
            Sender::Agent => self.agent,
        }
    }

    /// Moves the marks forward to where the others are, and returns whether one has moved.
    pub fn advance(&mut self, to: Self) -> bool {
        let before = *self;
        self.customer = self.customer.max(to.customer);
        self.agent = self.agent.max(to.agent);
        *self != before
    }

    /// Moves one side's mark forward, and returns whether it has moved.
    pub fn advance_one(&mut self, sender: Sender, cursor: Cursor) -> bool {
        match sender {
            Sender::Customer => self.advance(Self { customer: cursor, ..Self::NOTHING }),
            Sender::Agent => self.advance(Self { agent: cursor, ..Self::NOTHING }),
        }
    }
}
