//! An HTTP request as Lambda would hand it to a handler.
//!
//! The handlers see one type of request, wherever they run: what is tried here is what runs there.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use lambda_http::aws_lambda_events::query_map::QueryMap;
use lambda_http::{Body, Context, RequestExt};
use matchit::Params;
use percent_encoding::percent_decode_str;
use shared::error::Error;
use shared::limits::MAX_BODY_BYTES;
use tokio::time::timeout;
use uuid::Uuid;

/// Parameters as lambda_http keeps them: a query may name one more than once.
pub type Parameters = HashMap<String, Vec<String>>;

/// The parameters of a path, decoded. What is not UTF-8 is replaced, and then refused as what it
/// stands for.
pub fn path_parameters(segments: &Params) -> Parameters {
    let parameters =
        segments.iter().map(|(name, segment)| (name.to_owned(), vec![decoded(segment)]));
    parameters.collect()
}

fn decoded(segment: &str) -> String {
    // In an id there is nothing to decode; to look for it bytewise would take a while.
    if segment.contains('%') {
        percent_decode_str(segment).decode_utf8_lossy().into_owned()
    } else {
        segment.to_owned()
    }
}

/// Reads the body and adds what API Gateway and Lambda would: decoded parameters, and an id.
///
/// The whole body must come within `read_timeout`; the connection of one that does not is closed.
pub async fn event(
    request: Request<Incoming>,
    path: Parameters,
    read_timeout: Duration,
) -> Result<lambda_http::Request, Error> {
    let (parts, body) = request.into_parts();
    let body = if body.is_end_stream() {
        Bytes::new()
    } else {
        // In a box, because requests without a body would keep room for reading one.
        Box::pin(read(body, read_timeout)).await?
    };
    let query = parts.uri.query().and_then(|query| query.parse::<QueryMap>().ok());
    let mut context = Context::default();
    context.request_id = Uuid::new_v4().to_string();

    let event = http::Request::from_parts(parts, Body::Binary(body.into()));
    let event = event.with_path_parameters(path).with_lambda_context(context);
    Ok(match query {
        Some(query) => event.with_query_string_parameters(query),
        None => event,
    })
}

async fn read(body: Incoming, read_timeout: Duration) -> Result<Bytes, Error> {
    let body = timeout(read_timeout, Limited::new(body, MAX_BODY_BYTES).collect()).await;
    Ok(body.map_err(|_| late())?.map_err(unreadable)?.to_bytes())
}

fn late() -> Error {
    Error::InvalidJson("it did not arrive in time".to_owned())
}

fn unreadable(error: Box<dyn std::error::Error + Send + Sync>) -> Error {
    if error.is::<LengthLimitError>() {
        Error::BodyTooLarge
    } else {
        Error::InvalidJson(format!("it could not be read ({error})"))
    }
}
