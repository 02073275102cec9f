//! The adapter for hyper: converts an HTTP request into a [`Request`].

use std::time::Duration;

use bytes::Bytes;
use functions::http::request::{PathParameters, Request};
use http::request::Parts;
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

/// Makes a request of its parts.
pub fn request(id: &str, path: PathParameters, parts: Parts, body: Bytes) -> Request {
    let query = parts.uri.query().unwrap_or_default();
    let query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let Parts { method, headers, .. } = parts;
    Request { id: id.to_owned(), method, path, query, headers, body, deadline: None }
}

/// A request's body; `None` when all of it has come.
pub struct RequestBody(Option<Incoming>);

impl RequestBody {
    /// Wraps a body of which nothing has been read.
    pub fn new(body: Incoming) -> Self {
        Self(Some(body).filter(|body| !body.is_end_stream()))
    }

    /// Whether something of it may still come.
    pub fn is_unread(&self) -> bool {
        self.0.is_some()
    }

    /// Reads all of it, which must arrive within `read_timeout`.
    ///
    /// One whose length is too large is not begun, so that a client that waits for a `100` gets none.
    pub async fn read(&mut self, read_timeout: Duration) -> Result<Bytes, Error> {
        let Some(body) = &mut self.0 else { return Ok(Bytes::new()) };
        if body.size_hint().lower() > MAX_BODY_BYTES as u64 {
            return Err(Error::BodyTooLarge);
        }
        // Boxed: requests without a body would otherwise keep room for reading one.
        let bytes = Box::pin(read_body(body, read_timeout)).await?;
        self.0 = None;
        Ok(bytes)
    }
}

async fn read_body(body: &mut Incoming, read_timeout: Duration) -> Result<Bytes, Error> {
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
