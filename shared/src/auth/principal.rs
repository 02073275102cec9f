//! Who makes a request, and what it may do.

use std::time::SystemTime;

use crate::domain::conversation::ConversationId;
use crate::domain::sender::Sender;
use crate::domain::taker::Taker;
use crate::error::Error;

/// Who makes a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// Anybody, because tokens are off: may do everything in a conversation whose id it knows.
    Anonymous,
    /// The bearer of a token.
    Authenticated {
        /// The role in which it sends.
        role: Sender,
        /// The one conversation that it may access; `None` for all.
        conversation: Option<ConversationId>,
        /// From when on the token is refused; `None` if that is beyond what a clock can tell.
        ends: Option<SystemTime>,
        /// Whom the operator gave the token to; `None` if it does not say.
        subject: Option<String>,
    },
}

impl Principal {
    /// Returns from when on the principal's token is refused, if it ever is.
    pub fn ends(&self) -> Option<SystemTime> {
        match self {
            Self::Anonymous => None,
            Self::Authenticated { ends, .. } => *ends,
        }
    }

    /// Fails if the token is valid for creating alone, as a customer's without a conversation is.
    pub fn require_more_than_creating(&self) -> Result<(), Error> {
        match self {
            Self::Authenticated { role: Sender::Customer, conversation: None, .. } => {
                Err(Error::InvalidToken)
            }
            _ => Ok(()),
        }
    }

    /// Fails unless the principal may read this conversation, whether it exists or not.
    pub fn require_access(&self, conversation: &ConversationId) -> Result<(), Error> {
        match self {
            Self::Authenticated { conversation: Some(own), .. } if own != conversation => {
                Err(Error::ForbiddenConversation)
            }
            _ => Ok(()),
        }
    }

    /// Fails if the principal is bound to one conversation.
    pub fn require_any_conversation(&self) -> Result<(), Error> {
        match self {
            Self::Authenticated { conversation: Some(_), .. } => Err(Error::ForbiddenCreation),
            _ => Ok(()),
        }
    }

    /// Fails unless the principal may see which conversations wait.
    pub fn require_queue(&self) -> Result<(), Error> {
        match self {
            Self::Anonymous
            | Self::Authenticated { role: Sender::Agent, conversation: None, .. } => Ok(()),
            Self::Authenticated { .. } => Err(Error::ForbiddenQueue),
        }
    }

    /// Fails unless the principal may send as this sender.
    pub fn require_role(&self, sender: Sender) -> Result<(), Error> {
        match self {
            Self::Authenticated { role, .. } if *role != sender => Err(Error::ForbiddenSender),
            _ => Ok(()),
        }
    }

    /// Fails if the principal may not delete a conversation.
    pub fn require_deletion_of_conversation(&self) -> Result<(), Error> {
        match self {
            Self::Authenticated { role: Sender::Customer, .. } => {
                Err(Error::ForbiddenConversationDeletion)
            }
            _ => Ok(()),
        }
    }

    /// Returns the taker of a conversation that the principal takes under this name.
    pub fn taker(&self, conversation: &ConversationId, name: Option<&str>) -> Taker {
        let subject = match self {
            Self::Authenticated { subject, .. } => subject.as_deref(),
            Self::Anonymous => None,
        };
        Taker::of(conversation, subject, name)
    }

    /// Returns the only sender whose messages the principal may delete; `None` if it may delete
    /// all.
    pub fn may_only_delete_of(&self) -> Option<Sender> {
        match self {
            Self::Authenticated { role: Sender::Customer, .. } => Some(Sender::Customer),
            _ => None,
        }
    }
}
