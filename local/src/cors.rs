//! Pages of every origin may use the router (<https://fetch.spec.whatwg.org/#http-cors-protocol>).

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, VARY,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use shared::answer::{self, Answer};

const METHODS: HeaderValue = HeaderValue::from_static("GET,POST,DELETE");
/// What a page may see of an answer's headers, beyond what it always may.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "etag,location,retry-after,idempotency-replayed,www-authenticate,x-request-id",
);
/// Seconds for which a browser may remember that it is allowed to ask; it caps them itself.
const MAX_AGE: HeaderValue = HeaderValue::from_static("86400");

/// The answer to a browser that asks whether it may: yes, with the headers it names.
pub fn preflight(asked: &HeaderMap) -> Answer {
    let mut answer = answer::empty(StatusCode::OK);
    let headers = answer.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    if let Some(names) = asked.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
        headers.insert(VARY, ACCESS_CONTROL_REQUEST_HEADERS.into());
    }
    answer
}

/// Lets a page of any origin see an answer.
pub fn open(headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
}
