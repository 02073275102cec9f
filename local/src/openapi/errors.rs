//! The errors of each route, by their statuses.

use std::collections::BTreeMap;

use functions::route::Route;
use serde_json::{Map, Value, json};
use shared::answer::status_and_code;
use shared::error::Error;
use shared::field::Field;

/// The responses that refuse, each with the codes that it may have.
pub(super) fn responses(route: Route) -> Map<String, Value> {
    let mut codes = BTreeMap::<u16, Vec<&str>>::new();
    for error in of(route) {
        let (status, code) = status_and_code(&error);
        codes.entry(status.as_u16()).or_default().push(code);
    }
    let response = |(status, codes): (u16, Vec<&str>)| {
        let mut response = json!({
            "description": codes.join(", "),
            "headers": {"x-request-id": {"$ref": "#/components/headers/RequestId"}},
            "content": {"application/json": {"schema": {
                "allOf": [{"$ref": "#/components/schemas/Error"}],
                "properties": {"code": {"enum": codes}},
            }}},
        });
        match status {
            401 => {
                response["headers"]["www-authenticate"] =
                    json!({"$ref": "#/components/headers/WwwAuthenticate"})
            }
            503 => {
                response["headers"]["retry-after"] =
                    json!({"$ref": "#/components/headers/RetryAfter"})
            }
            _ => {}
        }
        (status.to_string(), response)
    };
    codes.into_iter().map(response).collect()
}

fn of(route: Route) -> Vec<Error> {
    let mut errors = vec![
        Error::Internal("any".into()),
        Error::StoreUnavailable("any".into()),
        Error::BodyTooLarge,
    ];
    if route != Route::CreateConversation {
        errors.extend([
            Error::InvalidConversationId,
            Error::Unauthorized,
            Error::ForbiddenConversation,
            Error::ConversationNotFound,
        ]);
    }
    match route {
        Route::CreateConversation => {
            // A body is not looked at, but has to arrive.
            errors.push(Error::InvalidJson(String::new()));
        }
        Route::SendMessage => errors.extend([
            Error::InvalidJson(String::new()),
            Error::MissingField(Field::Sender),
            Error::InvalidField(Field::Sender),
            Error::InvalidField(Field::Content),
            Error::InvalidField(Field::Timestamp),
            Error::InvalidIdempotencyKey,
            Error::ConversationFull,
            Error::ContentTooLarge,
            Error::IdempotencyKeyReused,
        ]),
        Route::GetConversation => errors.extend([
            Error::InvalidJson(String::new()),
            Error::InvalidCursor,
            Error::InvalidWait,
        ]),
        Route::DeleteMessage => errors.extend([
            Error::InvalidJson(String::new()),
            Error::InvalidMessageId,
            Error::MessageNotFound,
        ]),
    }
    errors
}
