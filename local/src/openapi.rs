//! `GET /openapi.json`: the API described in OpenAPI 3.1 (<https://spec.openapis.org/oas/v3.1.1.html>).

use bytes::Bytes;
use functions::http::response::{self, Response};
use http::StatusCode;

const DOCUMENT: &[u8] = include_bytes!("openapi.json");

/// Makes the response to `GET /openapi.json`.
pub fn document() -> Response {
    response::json(StatusCode::OK, Bytes::from_static(DOCUMENT))
}
