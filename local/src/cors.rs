//! Cross-origin resource sharing: pages of every origin may use the router (<https://fetch.spec.whatwg.org/#http-cors-protocol>).
//!
//! Written by hand, because a crate for it would add tower to the router.

use functions::http::response::{self, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, VARY,
};
use http::{HeaderMap, HeaderValue, StatusCode};

const METHODS: HeaderValue = HeaderValue::from_static("GET,POST,DELETE");
/// The headers that a page may see beyond those that it always may.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "etag,location,retry-after,idempotency-replayed,www-authenticate,x-request-id",
);
/// Seconds for which a browser may remember the response to a preflight; it caps them itself.
const MAX_AGE: HeaderValue = HeaderValue::from_static("86400");

/// Makes the response to a preflight request: all methods, and the headers that it names.
pub fn preflight(request: &HeaderMap) -> Response {
    let mut response = response::empty(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    if let Some(names) = request.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
        headers.insert(VARY, ACCESS_CONTROL_REQUEST_HEADERS.into());
    }
    response
}

/// Lets pages of every origin see a response.
pub fn allow_every_origin(headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
}
