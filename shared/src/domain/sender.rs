//! The two sides of a conversation.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::field::Field;
use crate::error::Error;

/// A side of a conversation: the role of the one that sends a message or an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sender {
    /// The customer, who begins the conversation.
    Customer,
    /// The agent, who helps.
    Agent,
}

impl Sender {
    /// The name in requests and responses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Agent => "agent",
        }
    }
}

impl FromStr for Sender {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let mut senders = [Self::Customer, Self::Agent].into_iter();
        senders.find(|sender| sender.name() == name).ok_or(Error::InvalidField(Field::Sender))
    }
}
