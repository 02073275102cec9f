//! Who makes a request, and so what it may do.

use crate::conversation::ConversationId;
use crate::error::Error;
use crate::message::Sender;

/// Who makes a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// Tokens are off: whoever knows a conversation's id may do everything in it.
    Anyone,
    /// The bearer of a token.
    Known {
        /// As whom it speaks.
        role: Sender,
        /// The one conversation that it may enter; `None` for all.
        conversation: Option<ConversationId>,
    },
}

impl Speaker {
    /// Refuses those who may not read the conversation, whether there is one or not.
    pub fn may_enter(&self, conversation: &ConversationId) -> Result<(), Error> {
        match self {
            Self::Known { conversation: Some(own), .. } if own != conversation => {
                Err(Error::ForbiddenConversation)
            }
            _ => Ok(()),
        }
    }

    /// Refuses those who speak as somebody else.
    pub fn may_send_as(&self, sender: Sender) -> Result<(), Error> {
        match self {
            Self::Known { role, .. } if *role != sender => Err(Error::ForbiddenSender),
            _ => Ok(()),
        }
    }

    /// Whose messages it may delete; `None` for everybody's.
    pub fn may_delete_of(&self) -> Option<Sender> {
        match self {
            Self::Known { role: Sender::Customer, .. } => Some(Sender::Customer),
            _ => None,
        }
    }
}
