//! A request, as every handler sees it.

use bytes::Bytes;
use http::header::{AsHeaderName, CONTENT_ENCODING};
use http::{HeaderMap, Method};
use shared::domain::conversation::ConversationId;
use shared::domain::message_id::MessageId;
use shared::error::Error;
use tokio::time::Instant;

/// A request whose path has been matched and whose body has been read.
#[derive(Clone, Debug)]
pub struct Request {
    /// The id that names the request in the log, and to the client.
    pub id: String,
    /// The method.
    pub method: Method,
    /// The parameters in the path.
    pub path: PathParameters,
    /// The parameters in the query, decoded, in their order. One may be given more than once.
    pub query: Vec<(String, String)>,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
    /// When the response must have been given; `None` if nothing limits it.
    pub deadline: Option<Instant>,
}

impl Default for Request {
    /// A `GET` of nothing in particular.
    fn default() -> Self {
        Self {
            id: String::new(),
            method: Method::GET,
            path: PathParameters::default(),
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            deadline: None,
        }
    }
}

/// The parameters in a path, decoded.
#[derive(Clone, Debug, Default)]
pub struct PathParameters {
    /// `{conversationId}`.
    pub conversation_id: Option<String>,
    /// `{messageId}`.
    pub message_id: Option<String>,
}

/// A header that is given more than once, or is no visible ASCII.
pub(crate) struct InvalidHeader;

impl Request {
    /// Parses the conversation's id in the path.
    pub(crate) fn conversation_id(&self) -> Result<ConversationId, Error> {
        self.path.conversation_id.as_ref().ok_or(Error::InvalidConversationId)?.parse()
    }

    /// Parses the message's id in the path.
    pub(crate) fn message_id(&self) -> Result<MessageId, Error> {
        self.path.message_id.as_ref().ok_or(Error::InvalidMessageId)?.parse()
    }

    /// Returns the first query parameter of this name.
    pub(crate) fn query_parameter(&self, name: &str) -> Option<&str> {
        let mut parameters = self.query.iter();
        parameters.find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// Returns the body as the client meant it, unless it is compressed.
    pub(crate) fn plain_body(&self) -> Result<&Bytes, Error> {
        let encodings = self.headers.get_all(CONTENT_ENCODING).iter();
        let mut encodings = encodings.map(|encoding| encoding.as_bytes().trim_ascii());
        match encodings.all(|encoding| encoding.eq_ignore_ascii_case(b"identity")) {
            true => Ok(&self.body),
            false => Err(Error::UnsupportedEncoding),
        }
    }

    /// Returns the value of a header that may be given only once.
    pub(crate) fn header(&self, name: impl AsHeaderName) -> Result<Option<&str>, InvalidHeader> {
        let mut values = self.headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => value.to_str().map(Some).map_err(|_| InvalidHeader),
            (Some(_), Some(_)) => Err(InvalidHeader),
        }
    }
}
