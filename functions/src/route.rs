//! The routes.

use http::Method;

use crate::function::Function;

/// A route: a method and a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is described where it is handled")]
pub enum Route {
    CreateConversation,
    SendMessage,
    SendEvent,
    GetConversation,
    ListConversations,
    DeleteMessage,
    DeleteConversation,
}

impl Route {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::CreateConversation,
        Self::SendMessage,
        Self::SendEvent,
        Self::GetConversation,
        Self::ListConversations,
        Self::DeleteMessage,
        Self::DeleteConversation,
    ];

    /// The name, by which the log tells what was asked for.
    pub fn name(self) -> &'static str {
        match self {
            Self::CreateConversation => "create-conversation",
            Self::SendMessage => "send-message",
            Self::SendEvent => "send-event",
            Self::GetConversation => "get-conversation",
            Self::ListConversations => "list-conversations",
            Self::DeleteMessage => "delete-message",
            Self::DeleteConversation => "delete-conversation",
        }
    }

    /// The function that answers it.
    pub fn function(self) -> Function {
        match self {
            Self::CreateConversation => Function::CreateConversation,
            Self::SendMessage | Self::SendEvent => Function::SendMessage,
            Self::GetConversation | Self::ListConversations => Function::GetConversation,
            Self::DeleteMessage | Self::DeleteConversation => Function::DeleteMessage,
        }
    }

    /// The method that it answers.
    pub fn method(self) -> Method {
        match self.function() {
            Function::CreateConversation | Function::SendMessage => Method::POST,
            Function::GetConversation => Method::GET,
            Function::DeleteMessage => Method::DELETE,
        }
    }

    /// The path, with its parameters as API Gateway, cargo-lambda and matchit all write them.
    pub fn path(self) -> &'static str {
        match self {
            Self::CreateConversation | Self::ListConversations => "/api/conversations",
            Self::SendMessage => "/api/conversations/{conversationId}/messages",
            Self::SendEvent => "/api/conversations/{conversationId}/events",
            Self::GetConversation | Self::DeleteConversation => {
                "/api/conversations/{conversationId}"
            }
            Self::DeleteMessage => "/api/conversations/{conversationId}/messages/{messageId}",
        }
    }

    /// Whether a path ends as this route's does. Before it may stand what an API puts there, like the
    /// name of its stage.
    pub fn is_end_of(self, path: &str) -> bool {
        let mut segments = path.rsplit('/');
        // The path begins with a slash, before which there is an empty segment.
        let mut own = self.path()[1..].rsplit('/');
        own.all(|own| segments.next().is_some_and(|other| own.starts_with('{') || own == other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_belongs_to_one_route_of_a_function_whatever_stands_before_it() {
        for before in ["", "/prod", "/a/b"] {
            for route in Route::ALL {
                let path = route.path().replace("{conversationId}", "3f0c");
                let path = format!("{before}{}", path.replace("{messageId}", "0198"));
                let routes = route.function().routes();
                let matching: Vec<_> = routes.filter(|other| other.is_end_of(&path)).collect();
                assert_eq!(matching, [route], "{path}");
            }
        }
        assert!(!Route::SendEvent.is_end_of("/events"));
    }
}
