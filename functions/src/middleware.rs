//! What all requests share: a span, the responses to errors and panics, common headers, the log.

pub mod trace;

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
use crate::http::response::{Response, Unavailable};
use crate::route::Route;
use trace::{traceparent, xray_trace_id};

/// The header with the id that names a request in the log.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Runs a handler and makes the response. An error or a panic becomes an error response, because
/// Lambda would hide it from the client.
///
/// `route` is `None` if no route matched. Of the `headers`, those are logged that name a trace.
pub async fn respond(
    request_id: &str,
    route: Option<Route>,
    headers: &HeaderMap,
    handling: impl Future<Output = Result<Response, Error>>,
) -> Response {
    let mut log = RequestLog::start(request_id, route, headers);
    let result = catch_panic(handling).instrument(log.span.clone()).await;
    let is_stream = result.as_ref().is_ok_and(|it| matches!(it.body(), Body::Stream(_)));
    let failure = failure(&result);
    if log.span.is_none() && (is_stream || failure.is_some()) {
        log.span = span(request_id, route, headers);
    }
    if let Some((what, cause)) = failure {
        tracing::error!(parent: &log.span, %cause, "{what}");
    }
    let mut response = result.unwrap_or_else(|error| error_response(&error));
    log.status = Some(response.status().as_u16());
    set_common_headers(response.headers_mut(), request_id);
    if matches!(route, Some(Route::GetConversation | Route::ListConversations)) {
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

/// Returns what is logged of a failure. The client is not told its cause.
fn failure(result: &Result<Response, Error>) -> Option<(&'static str, &Cause)> {
    const UNAVAILABLE: &str = "the store is unavailable";
    match result {
        Ok(response) => {
            let unavailable = response.extensions().get::<Unavailable>();
            unavailable.map(|Unavailable(cause)| (UNAVAILABLE, &**cause))
        }
        Err(Error::StoreUnavailable(cause)) => Some((UNAVAILABLE, cause)),
        Err(Error::Internal(cause)) => Some(("internal error", cause)),
        Err(_) => None,
    }
}

/// Sets the headers that every response has.
pub fn set_common_headers(headers: &mut HeaderMap, request_id: &str) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(request_id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, request_id);
    }
}

/// A request's span, and its line in the log, which is written when the response has ended.
struct RequestLog {
    span: Span,
    started: Instant,
    /// `None` as long as there is no response.
    status: Option<u16>,
}

impl RequestLog {
    fn start(request_id: &str, route: Option<Route>, headers: &HeaderMap) -> Self {
        // A span takes as long as a third of a request: if only what fails is logged, it is made
        // when something does.
        let is_logged = enabled!(Level::INFO);
        let span = if is_logged { span(request_id, route, headers) } else { Span::none() };
        Self { span, started: Instant::now(), status: None }
    }
}

fn span(request_id: &str, route: Option<Route>, headers: &HeaderMap) -> Span {
    tracing::error_span!(
        "request",
        request_id,
        route = route.map(Route::name),
        traceparent = traceparent(headers),
        xray_trace_id = xray_trace_id(headers),
    )
}

impl Drop for RequestLog {
    fn drop(&mut self) {
        let duration_ms = self.started.elapsed().as_micros() as f64 / 1000.0;
        match self.status {
            Some(status) => {
                tracing::info!(parent: &self.span, status, duration_ms, "request completed");
            }
            None => tracing::info!(parent: &self.span, duration_ms, "client disconnected"),
        }
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
