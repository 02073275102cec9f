//! An HTTP request as Lambda would hand it to a handler.
//!
//! The handlers see one type of request, wherever they run: what is tried here is what runs there.

use std::collections::HashMap;
use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::Request;
use functions::route::Route;
use http_body_util::LengthLimitError;
use lambda_http::aws_lambda_events::query_map::QueryMap;
use lambda_http::{Body, Context, RequestExt};
use percent_encoding::percent_decode_str;
use shared::error::Error;
use shared::limits::MAX_BODY_BYTES;
use tokio::time::timeout;
use uuid::Uuid;

/// Reads the body and adds what API Gateway and Lambda would: decoded path parameters, and an id.
///
/// The whole body must come within `read_timeout`; the connection of one that does not is closed.
pub async fn event(
    route: Route,
    request: Request,
    read_timeout: Duration,
) -> Result<lambda_http::Request, Error> {
    let (parts, body) = request.into_parts();
    let body = timeout(read_timeout, to_bytes(body, MAX_BODY_BYTES)).await;
    let body = body.map_err(|_| late())?.map_err(unreadable)?;
    let mut context = Context::default();
    context.request_id = Uuid::new_v4().to_string();

    let parameters = path_parameters(route, parts.uri.path());
    let query = parts.uri.query().unwrap_or_default().parse::<QueryMap>().unwrap_or_default();
    let event = http::Request::from_parts(parts, Body::Binary(body.into()));
    let event = event.with_path_parameters(parameters).with_query_string_parameters(query);
    Ok(event.with_lambda_context(context))
}

/// Takes the path apart as the route's path says. What is not UTF-8 is replaced, and then refused
/// as what it stands for.
fn path_parameters(route: Route, path: &str) -> HashMap<String, String> {
    let segments = route.path().split('/').zip(path.split('/'));
    let parameters = segments.filter_map(|(template, segment)| {
        let name = template.strip_prefix('{')?.strip_suffix('}')?;
        let value = percent_decode_str(segment).decode_utf8_lossy();
        Some((name.to_owned(), value.into_owned()))
    });
    parameters.collect()
}

fn late() -> Error {
    Error::InvalidJson("it did not arrive in time".to_owned())
}

fn unreadable(error: axum::Error) -> Error {
    let error = error.into_inner();
    if error.is::<LengthLimitError>() {
        Error::BodyTooLarge
    } else {
        Error::InvalidJson(format!("it could not be read ({error})"))
    }
}
