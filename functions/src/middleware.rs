//! What all requests share: a span, the responses to errors and panics, common headers, the log.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use futures_util::{FutureExt, Stream};
use http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderName, HeaderValue};
use shared::error::{Cause, Error};
use tracing::{Instrument, Level, Span, enabled};

use crate::http::body::{Body, ByteStream};
use crate::http::error::error_response;
use crate::http::response::Response;
use crate::route::Route;

/// The header with the id that names a request in the log.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Awaits what handles a request, and makes the response, whatever it ends in: a panic as well,
/// because Lambda shows the client nothing of an error that leaves a handler.
///
/// `route` is `None` where no route matched.
pub async fn respond(
    request_id: &str,
    route: Option<Route>,
    handling: impl Future<Output = Result<Response, Error>>,
) -> Response {
    let mut log = RequestLog::start(request_id, route);
    let result = catch_panic(handling).instrument(log.span.clone()).await;
    let will_log = match &result {
        Ok(response) => matches!(response.body(), Body::Stream(_)),
        Err(error) => cause(error).is_some(),
    };
    if will_log && log.span.is_none() {
        log.span = span(request_id, route);
    }
    let mut response = result.unwrap_or_else(|error| {
        if let Some(cause) = cause(&error) {
            tracing::error!(parent: &log.span, %cause, "{error}");
        }
        error_response(&error)
    });
    log.status = response.status().as_u16();
    set_common_headers(response.headers_mut(), request_id);
    if route == Some(Route::GetConversation) {
        let revalidate = HeaderValue::from_static("private, no-cache");
        response.headers_mut().insert(CACHE_CONTROL, revalidate);
    }
    response.map(|body| match body {
        Body::Whole(_) => body,
        Body::Stream(stream) => Body::Stream(Box::pin(LoggedStream { stream, log })),
    })
}

/// Turns a panic into an [`Error::Internal`].
///
/// A panic releases the stores' locks without poisoning them, so other requests go on.
async fn catch_panic(
    handling: impl Future<Output = Result<Response, Error>>,
) -> Result<Response, Error> {
    let result = AssertUnwindSafe(handling).catch_unwind().await;
    result.unwrap_or_else(|_| Err(Error::Internal("the handler panicked".into())))
}

fn set_common_headers(headers: &mut HeaderMap, request_id: &str) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(request_id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, request_id);
    }
}

/// A request's span, and its line in the log, which is written when the response has ended.
struct RequestLog {
    span: Span,
    started: Instant,
    status: u16,
}

impl RequestLog {
    fn start(request_id: &str, route: Option<Route>) -> Self {
        // A span takes as long as a third of a request: where only what fails is logged, it is made
        // when something does.
        let span = if enabled!(Level::INFO) { span(request_id, route) } else { Span::none() };
        Self { span, started: Instant::now(), status: 0 }
    }
}

fn span(request_id: &str, route: Option<Route>) -> Span {
    tracing::error_span!("request", request_id, route = route.map(Route::name))
}

impl Drop for RequestLog {
    fn drop(&mut self) {
        let duration_ms = self.started.elapsed().as_secs_f64() * 1000.0;
        tracing::info!(parent: &self.span, status = self.status, duration_ms, "answered");
    }
}

/// Returns what is logged of an error, and never told to the client.
fn cause(error: &Error) -> Option<&Cause> {
    match error {
        Error::Internal(cause) | Error::StoreUnavailable(cause) => Some(cause),
        _ => None,
    }
}

/// A streamed body within its request's span.
///
/// A panic comes when the status has been sent: all that is left is to end the stream.
struct LoggedStream {
    stream: ByteStream,
    log: RequestLog,
}

impl Stream for LoggedStream {
    type Item = Bytes;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let Self { stream, log } = self.get_mut();
        let _entered = log.span.enter();
        let polled = catch_unwind(AssertUnwindSafe(|| stream.as_mut().poll_next(context)));
        polled.unwrap_or_else(|_| {
            tracing::error!("the stream panicked");
            Poll::Ready(None)
        })
    }
}

#[cfg(test)]
mod tests;
