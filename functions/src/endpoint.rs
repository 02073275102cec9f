//! A route together with its handler.

use futures_util::future::BoxFuture;
use shared::domain::limits::MAX_BODY_BYTES;
use shared::error::Error;

use crate::handlers::{
    create_conversation, delete_conversation, delete_message, get_conversation, list_conversations,
    send_event, send_message,
};
use crate::http::request::Request;
use crate::http::response::Response;
use crate::middleware;
use crate::route::Route;
use crate::state::AppState;

/// A handler's future is boxed: each future around it would otherwise keep room for it once more.
type Handler = for<'a> fn(&'a AppState, &'a Request) -> BoxFuture<'a, Result<Response, Error>>;

/// A route together with its handler.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint {
    /// The route that it answers.
    pub route: Route,
    handler: Handler,
}

impl Endpoint {
    /// Returns the endpoint of a route. As a constant, it brings no other handler into a binary.
    pub const fn of(route: Route) -> Self {
        let handler: Handler = match route {
            Route::CreateConversation => {
                |state, request| Box::pin(create_conversation::handle(state, request))
            }
            Route::SendMessage => |state, request| Box::pin(send_message::handle(state, request)),
            Route::SendEvent => |state, request| Box::pin(send_event::handle(state, request)),
            Route::GetConversation => {
                |state, request| Box::pin(get_conversation::handle(state, request))
            }
            Route::ListConversations => {
                |state, request| Box::pin(list_conversations::handle(state, request))
            }
            Route::DeleteMessage => {
                |state, request| Box::pin(delete_message::handle(state, request))
            }
            Route::DeleteConversation => {
                |state, request| Box::pin(delete_conversation::handle(state, request))
            }
        };
        Self { route, handler }
    }

    /// Responds to a request, whatever handling it ends in.
    pub async fn respond(self, state: &AppState, request: &Request) -> Response {
        let handling = self.handle(state, request);
        middleware::respond(&request.id, Some(self.route), &request.headers, handling).await
    }

    /// Handles a request.
    pub async fn handle(self, state: &AppState, request: &Request) -> Result<Response, Error> {
        if request.body.len() > MAX_BODY_BYTES {
            return Err(Error::BodyTooLarge);
        }
        (self.handler)(state, request).await
    }
}
