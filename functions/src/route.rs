//! The four routes.

use http::Method;

/// A route, and so the function that answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is described where it is handled")]
pub enum Route {
    CreateConversation,
    SendMessage,
    GetConversation,
    DeleteMessage,
}

impl Route {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::CreateConversation, Self::SendMessage, Self::GetConversation, Self::DeleteMessage];

    /// The name of the function and of its binary.
    pub fn name(self) -> &'static str {
        match self {
            Self::CreateConversation => "create-conversation",
            Self::SendMessage => "send-message",
            Self::GetConversation => "get-conversation",
            Self::DeleteMessage => "delete-message",
        }
    }

    /// The method that it answers.
    pub fn method(self) -> Method {
        match self {
            Self::CreateConversation | Self::SendMessage => Method::POST,
            Self::GetConversation => Method::GET,
            Self::DeleteMessage => Method::DELETE,
        }
    }

    /// The path, with its parameters as API Gateway, cargo-lambda and matchit all write them.
    pub fn path(self) -> &'static str {
        match self {
            Self::CreateConversation => "/api/conversations",
            Self::SendMessage => "/api/conversations/{conversationId}/messages",
            Self::GetConversation => "/api/conversations/{conversationId}",
            Self::DeleteMessage => "/api/conversations/{conversationId}/messages/{messageId}",
        }
    }
}
