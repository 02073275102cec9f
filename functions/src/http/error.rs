//! The responses to errors.

use http::header::{ALLOW, ETAG, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use shared::domain::field::Field;
use shared::error::Error;

use super::response::{Response, etag, json};

/// Seconds after which a request should be repeated that a 503 has answered.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// The challenges to a client without a token, and to one whose token is invalid (RFC 6750,
/// section 3).
const BEARER: HeaderValue = HeaderValue::from_static("Bearer realm=\"parley\"");
const BEARER_INVALID_TOKEN: HeaderValue =
    HeaderValue::from_static("Bearer realm=\"parley\", error=\"invalid_token\"");

/// Makes the response to a request that ended in an error.
pub fn error_response(error: &Error) -> Response {
    #[derive(Serialize)]
    struct Body<'a> {
        error: &'a str,
        code: &'a str,
    }
    let (status, code) = status_and_code(error);
    let body = Body { error: &error.to_string(), code };
    // Strings into memory: cannot fail.
    let body = serde_json::to_vec(&body).unwrap_or_default();
    let mut response = json(status, body);
    let headers = response.headers_mut();
    match error {
        Error::StoreUnavailable(_) | Error::TooManyConnections => {
            headers.insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        Error::Unauthorized => {
            headers.insert(WWW_AUTHENTICATE, BEARER);
        }
        Error::InvalidToken => {
            headers.insert(WWW_AUTHENTICATE, BEARER_INVALID_TOKEN);
        }
        Error::MethodNotAllowed(allowed) => {
            headers.extend(HeaderValue::try_from(allowed).map(|allowed| (ALLOW, allowed)));
        }
        Error::ConversationChanged(cursor) => {
            headers.extend(etag(*cursor).map(|etag| (ETAG, etag)));
        }
        _ => {}
    }
    response
}

/// Maps an error to its status and its code. Nothing else does.
pub fn status_and_code(error: &Error) -> (StatusCode, &'static str) {
    match error {
        Error::InvalidJson(_) => (StatusCode::BAD_REQUEST, "invalid_json"),
        Error::MissingField(_) => (StatusCode::BAD_REQUEST, "missing_field"),
        Error::InvalidField(field) => {
            let code = match field {
                Field::Sender => "invalid_sender",
                Field::Content => "invalid_content",
                Field::Timestamp => "invalid_timestamp",
                Field::Event => "invalid_event",
                Field::Cursor => "invalid_cursor",
                Field::Name => "invalid_name",
                Field::Reason => "invalid_reason",
                Field::Metadata => "invalid_metadata",
            };
            (StatusCode::BAD_REQUEST, code)
        }
        Error::InvalidConversationId => (StatusCode::BAD_REQUEST, "invalid_conversation_id"),
        Error::InvalidMessageId => (StatusCode::BAD_REQUEST, "invalid_message_id"),
        Error::CustomerJoined => (StatusCode::BAD_REQUEST, "invalid_sender"),
        Error::InvalidIdempotencyKey | Error::InvalidCreationKey => {
            (StatusCode::BAD_REQUEST, "invalid_idempotency_key")
        }
        Error::InvalidIfMatch => (StatusCode::BAD_REQUEST, "invalid_if_match"),
        Error::InvalidCursor => (StatusCode::BAD_REQUEST, "invalid_cursor"),
        Error::InvalidLimit => (StatusCode::BAD_REQUEST, "invalid_limit"),
        Error::InvalidWait => (StatusCode::BAD_REQUEST, "invalid_wait"),
        Error::InvalidHost => (StatusCode::BAD_REQUEST, "invalid_host"),
        Error::Unauthorized | Error::InvalidToken => (StatusCode::UNAUTHORIZED, "unauthorized"),
        Error::ForbiddenConversation
        | Error::ForbiddenCreation
        | Error::ForbiddenQueue
        | Error::ForbiddenSender
        | Error::ForbiddenDeletion
        | Error::ForbiddenConversationDeletion => (StatusCode::FORBIDDEN, "forbidden"),
        Error::ConversationNotFound => (StatusCode::NOT_FOUND, "conversation_not_found"),
        Error::MessageNotFound => (StatusCode::NOT_FOUND, "message_not_found"),
        Error::RouteNotFound | Error::UnsupportedEvent => {
            (StatusCode::NOT_FOUND, "route_not_found")
        }
        Error::MethodNotAllowed(_) => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
        Error::AlreadyJoined => (StatusCode::CONFLICT, "already_joined"),
        Error::ConversationClosed => (StatusCode::CONFLICT, "conversation_closed"),
        Error::ConversationChanged(_) => (StatusCode::PRECONDITION_FAILED, "conversation_changed"),
        Error::ConversationFull => (StatusCode::CONFLICT, "conversation_full"),
        Error::ContentTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "content_too_large"),
        Error::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
        Error::UnsupportedEncoding => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding"),
        Error::IdempotencyKeyReused => (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused"),
        Error::TooManyConnections => (StatusCode::SERVICE_UNAVAILABLE, "too_many_connections"),
        Error::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        Error::StoreUnavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "store_unavailable"),
    }
}
