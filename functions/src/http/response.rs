//! A response, on its way to the client.

use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use shared::domain::cursor::Cursor;
use shared::error::Cause;

use super::body::{Body, ByteStream};

/// A response whose body is whole or streamed.
pub type Response = http::Response<Body>;

/// Room for the headers of the fullest response, so that adding them never moves them.
const MAX_HEADERS: usize = 9;
/// Room for those of an event stream, which hyper keeps for as long as the stream is open.
const STREAM_HEADERS: usize = 7;

/// Makes a response whose body is JSON already.
pub fn json(status: StatusCode, body: impl Into<Bytes>) -> Response {
    with_body(status, HeaderValue::from_static("application/json"), Body::Whole(body.into()))
}

/// Makes the tag of a version. It has digits and quotes alone, and so is always valid.
pub(crate) fn etag(cursor: Cursor) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("\"{cursor}\"")).ok()
}

/// Makes a response of server-sent events
/// (<https://html.spec.whatwg.org/multipage/server-sent-events.html>) that are known already.
pub(crate) fn events(text: impl Into<Bytes>) -> Response {
    let mut response = with_body(StatusCode::OK, EVENT_STREAM, Body::Whole(text.into()));
    response.headers_mut().insert(X_ACCEL_BUFFERING, NO);
    response
}

/// Makes a response of server-sent events that are sent as they happen.
pub(crate) fn event_stream(stream: ByteStream) -> Response {
    let mut response = Response::new(Body::Stream(stream));
    *response.headers_mut() = HeaderMap::with_capacity(STREAM_HEADERS);
    response.headers_mut().insert(CONTENT_TYPE, EVENT_STREAM);
    response.headers_mut().insert(X_ACCEL_BUFFERING, NO);
    response
}

const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");

/// Has nginx pass events on as they come, instead of gathering some kilobytes
/// (<https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering>).
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
const NO: HeaderValue = HeaderValue::from_static("no");

/// Why a store was unavailable, of a response that succeeds all the same. It is an extension of the
/// response, and is logged where the request's span is.
#[derive(Clone)]
pub(crate) struct Unavailable(pub(crate) Arc<Cause>);

/// Adds to a response why the store was unavailable, if it was.
pub(crate) fn with_unavailable(mut response: Response, cause: Option<Cause>) -> Response {
    if let Some(cause) = cause {
        response.extensions_mut().insert(Unavailable(Arc::new(cause)));
    }
    response
}

/// Makes a response without a body.
pub fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::Whole(Bytes::new()));
    *response.status_mut() = status;
    *response.headers_mut() = HeaderMap::with_capacity(MAX_HEADERS);
    response
}

fn with_body(status: StatusCode, content_type: HeaderValue, body: Body) -> Response {
    let mut response = empty(status).map(|_| body);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}
