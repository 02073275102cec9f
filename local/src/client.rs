//! `GET /parley.js`: the client, one module for browsers and Node.js.

use bytes::Bytes;
use functions::http::body::Body;
use functions::http::response::Response;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

const MODULE: &[u8] = include_bytes!("client/parley.js");

/// Makes the response to `GET /parley.js`.
pub fn module() -> Response {
    let mut response = Response::new(Body::Whole(Bytes::from_static(MODULE)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
