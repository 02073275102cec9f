//! What all routes share: limits, errors and panics turned into answers, common headers, the log.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use futures_util::FutureExt;
use http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderName, HeaderValue};
use lambda_http::{Request, RequestExt};
use shared::answer::{self, Answer};
use shared::error::Error;
use shared::message::MAX_BODY_BYTES;

use crate::route::Route;
use crate::service::Service;
use crate::{create_conversation, delete_message, get_conversation, send_message};

/// The header that names a request in the log.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Answers a request to a route. Every end is an answer, a panic's too: Lambda shows the client
/// nothing of an error that leaves a handler.
pub async fn dispatch(route: Route, service: &Service, request: Request) -> Answer {
    let started = Instant::now();
    let outcome = AssertUnwindSafe(handle(route, service, &request)).catch_unwind().await;
    let outcome = outcome.unwrap_or_else(|_| Err(Error::Internal("the handler panicked".into())));

    let request_id = request_id(&request);
    let mut answer = outcome.unwrap_or_else(|error| refuse(&error, &request_id));
    if route == Route::GetConversation {
        let revalidate = HeaderValue::from_static("private, no-cache");
        answer.headers_mut().insert(CACHE_CONTROL, revalidate);
    }
    tracing::info!(
        request_id,
        route = route.name(),
        status = answer.status().as_u16(),
        duration_ms = started.elapsed().as_secs_f64() * 1000.0,
        "answered"
    );
    finish(&mut answer, &request_id);
    answer
}

/// The answer to an error, whose cause goes to the log here and nowhere else.
pub fn refuse(error: &Error, request_id: &str) -> Answer {
    if let Error::Internal(cause) | Error::StoreUnavailable(cause) = error {
        tracing::error!(request_id, %cause, "{error}");
    }
    answer::error(error)
}

/// Adds what every answer carries.
pub fn finish(answer: &mut Answer, request_id: &str) {
    let headers = answer.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(request_id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, request_id);
    }
}

async fn handle(route: Route, service: &Service, request: &Request) -> Result<Answer, Error> {
    if request.body().len() > MAX_BODY_BYTES {
        return Err(Error::BodyTooLarge);
    }
    match route {
        Route::CreateConversation => create_conversation::handle(&service.store).await,
        Route::SendMessage => send_message::handle(&service.store, request).await,
        Route::GetConversation => get_conversation::handle(service, request).await,
        Route::DeleteMessage => delete_message::handle(&service.store, request).await,
    }
}

/// The id that Lambda gave the invocation, and the local router the request.
fn request_id(request: &Request) -> String {
    request.lambda_context_ref().map(|context| context.request_id.clone()).unwrap_or_default()
}
