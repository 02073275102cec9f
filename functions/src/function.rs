//! A route together with what answers it.

use futures_util::future::BoxFuture;
use lambda_http::Request;
use shared::answer::Answer;
use shared::error::Error;

use crate::route::Route;
use crate::service::Service;
use crate::{create_conversation, delete_message, get_conversation, send_message};

/// What answers the requests to a route. In a box, because each future around it would hold its
/// room once more.
type Handler = for<'a> fn(&'a Service, &'a Request) -> BoxFuture<'a, Result<Answer, Error>>;

/// One of the four functions.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// The route that it answers.
    pub route: Route,
    pub(crate) handle: Handler,
}

impl Function {
    /// The function of a route. Made a constant, it brings no other route's handler into a binary.
    pub const fn of(route: Route) -> Self {
        let handle: Handler = match route {
            Route::CreateConversation => {
                |service, _| Box::pin(create_conversation::handle(service))
            }
            Route::SendMessage => {
                |service, request| Box::pin(send_message::handle(service, request))
            }
            Route::GetConversation => {
                |service, request| Box::pin(get_conversation::handle(service, request))
            }
            Route::DeleteMessage => {
                |service, request| Box::pin(delete_message::handle(service, request))
            }
        };
        Self { route, handle }
    }
}
