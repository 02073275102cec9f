//! HTTP answers.

mod body;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde::Serialize;

pub use crate::answer::body::{Body, Pieces};
use crate::error::Error;
use crate::field::Field;

/// An answer on its way to the client.
pub type Answer = Response<Body>;

/// Room for the headers of the fullest answer, so that adding them never moves them.
const MAX_HEADERS: usize = 9;
/// Seconds after which trying again makes sense where the store cannot be reached.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// What is asked of who has no token, and of who has one that is not good (RFC 6750, section 3).
const BEARER: HeaderValue = HeaderValue::from_static("Bearer");
const ANOTHER_BEARER: HeaderValue = HeaderValue::from_static("Bearer error=\"invalid_token\"");

/// An answer whose body is JSON already.
pub fn json(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    let mut answer = with_body(status, Body::Whole(body.into()));
    let json = HeaderValue::from_static("application/json");
    answer.headers_mut().insert(CONTENT_TYPE, json);
    answer
}

/// An answer of server-sent events (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).
pub fn event_stream(pieces: Pieces) -> Answer {
    let mut answer = with_body(StatusCode::OK, Body::Stream(pieces));
    let event_stream = HeaderValue::from_static("text/event-stream");
    answer.headers_mut().insert(CONTENT_TYPE, event_stream);
    answer
}

/// An answer without a body.
pub fn empty(status: StatusCode) -> Answer {
    with_body(status, Body::Whole(Bytes::new()))
}

fn with_body(status: StatusCode, body: Body) -> Answer {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    *answer.headers_mut() = HeaderMap::with_capacity(MAX_HEADERS);
    answer
}

/// The answer to a request that ended in an error.
pub fn error(error: &Error) -> Answer {
    #[derive(Serialize)]
    struct Body<'a> {
        error: &'a str,
        code: &'a str,
    }
    let (status, code) = status_and_code(error);
    let body = Body { error: &error.to_string(), code };
    // Strings into memory: cannot fail.
    let body = serde_json::to_vec(&body).unwrap_or_default();
    let mut answer = json(status, body);
    let headers = answer.headers_mut();
    match error {
        Error::StoreUnavailable(_) => drop(headers.insert(RETRY_AFTER, RETRY_AFTER_SECONDS)),
        Error::Unauthorized => drop(headers.insert(WWW_AUTHENTICATE, BEARER)),
        Error::InvalidToken => drop(headers.insert(WWW_AUTHENTICATE, ANOTHER_BEARER)),
        _ => {}
    }
    answer
}

/// The one place that says how an error looks from outside.
pub fn status_and_code(error: &Error) -> (StatusCode, &'static str) {
    match error {
        Error::InvalidJson(_) => (StatusCode::BAD_REQUEST, "invalid_json"),
        Error::MissingField(_) => (StatusCode::BAD_REQUEST, "missing_field"),
        Error::InvalidField(field) => {
            let code = match field {
                Field::Sender => "invalid_sender",
                Field::Content => "invalid_content",
                Field::Timestamp => "invalid_timestamp",
            };
            (StatusCode::BAD_REQUEST, code)
        }
        Error::InvalidConversationId => (StatusCode::BAD_REQUEST, "invalid_conversation_id"),
        Error::InvalidMessageId => (StatusCode::BAD_REQUEST, "invalid_message_id"),
        Error::InvalidIdempotencyKey => (StatusCode::BAD_REQUEST, "invalid_idempotency_key"),
        Error::InvalidCursor => (StatusCode::BAD_REQUEST, "invalid_cursor"),
        Error::InvalidWait => (StatusCode::BAD_REQUEST, "invalid_wait"),
        Error::Unauthorized | Error::InvalidToken => (StatusCode::UNAUTHORIZED, "unauthorized"),
        Error::ForbiddenConversation | Error::ForbiddenSender | Error::ForbiddenDeletion => {
            (StatusCode::FORBIDDEN, "forbidden")
        }
        Error::ConversationNotFound => (StatusCode::NOT_FOUND, "conversation_not_found"),
        Error::MessageNotFound => (StatusCode::NOT_FOUND, "message_not_found"),
        Error::RouteNotFound => (StatusCode::NOT_FOUND, "route_not_found"),
        Error::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
        Error::ConversationFull => (StatusCode::CONFLICT, "conversation_full"),
        Error::ContentTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "content_too_large"),
        Error::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
        Error::IdempotencyKeyReused => (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused"),
        Error::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        Error::StoreUnavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "store_unavailable"),
    }
}
