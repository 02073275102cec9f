//! The adapter for hyper: converts an HTTP request into a [`Request`].

use std::time::Duration;

use bytes::Bytes;
use functions::http::request::{PathParameters, Request};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use matchit::Params;
use percent_encoding::percent_decode_str;
use shared::domain::limits::MAX_BODY_BYTES;
use shared::error::Error;
use tokio::time::timeout;

/// Returns the parameters of a matched path, decoded as API Gateway does.
///
/// Invalid UTF-8 is replaced; the id then fails to parse.
pub fn path_parameters(parameters: &Params) -> PathParameters {
    let decoded = |name| {
        let text = parameters.get(name)?;
        Some(percent_decode_str(text).decode_utf8_lossy().into_owned())
    };
    PathParameters { conversation_id: decoded("conversationId"), message_id: decoded("messageId") }
}

/// Reads the body, which must arrive within `read_timeout`, and makes a request.
pub async fn read(
    id: &str,
    path: PathParameters,
    request: http::Request<Incoming>,
    read_timeout: Duration,
) -> Result<Request, Error> {
    let (parts, body) = request.into_parts();
    let body = if body.is_end_stream() {
        Bytes::new()
    } else {
        // Boxed: requests without a body would otherwise keep room for reading one.
        Box::pin(read_body(body, read_timeout)).await?
    };
    let query = parts.uri.query().unwrap_or_default();
    let query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let http::request::Parts { method, headers, .. } = parts;
    Ok(Request { id: id.to_owned(), method, path, query, headers, body, deadline: None })
}

async fn read_body(body: Incoming, read_timeout: Duration) -> Result<Bytes, Error> {
    let body = timeout(read_timeout, Limited::new(body, MAX_BODY_BYTES).collect()).await;
    let late = |_| Error::InvalidJson("it did not arrive in time".to_owned());
    Ok(body.map_err(late)?.map_err(unreadable)?.to_bytes())
}

fn unreadable(error: Box<dyn std::error::Error + Send + Sync>) -> Error {
    if error.is::<LengthLimitError>() {
        Error::BodyTooLarge
    } else {
        Error::InvalidJson(format!("it could not be read ({error})"))
    }
}
