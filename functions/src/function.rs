//! The four functions.

use crate::route::Route;

/// A function: a binary that Lambda runs. It answers the routes of one verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is described by its routes")]
pub enum Function {
    CreateConversation,
    SendMessage,
    GetConversation,
    DeleteMessage,
}

impl Function {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::CreateConversation, Self::SendMessage, Self::GetConversation, Self::DeleteMessage];

    /// The name, which its binary has as well.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreateConversation => "create-conversation",
            Self::SendMessage => "send-message",
            Self::GetConversation => "get-conversation",
            Self::DeleteMessage => "delete-message",
        }
    }

    /// The routes that it answers.
    pub fn routes(self) -> impl Iterator<Item = Route> {
        Route::ALL.into_iter().filter(move |route| route.function() == self)
    }
}
