//! `GET /openapi.json`: the API described in OpenAPI 3.1 (<https://spec.openapis.org/oas/v3.1.1.html>).
//!
//! Paths, methods, limits, error codes and statuses are the code's own. `local/openapi.json` is the
//! same document for those who have no router at hand; a test holds the two equal.
//!
//! - [`operations`]: what each route takes and answers.
//! - [`errors`]: what each route may refuse.
//! - [`components`]: what they share.

mod components;
mod errors;
mod operations;

use std::sync::LazyLock;

use bytes::Bytes;
use functions::route::Route;
use http::StatusCode;
use serde_json::{Map, Value, json};
use shared::answer::{self, Answer};

static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| format!("{:#}\n", document()).into());

/// The answer to `GET /openapi.json`.
pub fn answer() -> Answer {
    answer::json(StatusCode::OK, DOCUMENT.clone())
}

fn document() -> Value {
    let mut paths = Map::new();
    for route in Route::ALL {
        let path = paths.entry(route.path()).or_insert_with(|| json!({}));
        path[route.method().as_str().to_ascii_lowercase()] = operations::operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Parley",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Short-lived chat conversations between a customer and an agent",
            "description": "Everything in a conversation is gone when nobody has written to it for half an hour. \
                Where tokens are off, requests need none.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": components::components(),
    })
}
