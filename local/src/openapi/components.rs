//! Schemas, headers and security schemes.

use serde_json::{Value, json};
use shared::limits::MAX_CONTENT_BYTES;

pub(super) fn components() -> Value {
    json!({
        "schemas": {
            "ConversationId": {"type": "string", "format": "uuid", "description": "A random UUID (v4)"},
            "MessageId": {"type": "string", "format": "uuid", "description": "A UUID v7, which sorts by time"},
            "Cursor": {
                "type": "string",
                "pattern": "^(0|[1-9][0-9]{0,9})$",
                "description": "A place in the conversation; only those that it gave out are taken, and 0, its start",
            },
            "Etag": {"type": "string", "pattern": "^\"[0-9]+\"$"},
            "NewMessage": new_message(),
            "Message": message(),
            "Error": {
                "type": "object",
                "required": ["error", "code"],
                "additionalProperties": false,
                "properties": {
                    "error": {"type": "string", "description": "A sentence that says what is wrong"},
                    "code": {"type": "string", "description": "What a program tells errors apart by"},
                },
            },
        },
        "headers": headers(),
        "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            "tokenInQuery": {
                "type": "apiKey",
                "in": "query",
                "name": "access_token",
                "description": "For an EventSource, which cannot set headers",
            },
        },
    })
}

fn new_message() -> Value {
    json!({
        "type": "object",
        "required": ["sender", "content", "timestamp"],
        "properties": {
            "sender": {"enum": ["customer", "agent"]},
            "content": {
                "type": "string",
                "minLength": 1,
                "maxLength": MAX_CONTENT_BYTES,
                "description": format!("Kept byte for byte; at most {MAX_CONTENT_BYTES} bytes of UTF-8"),
            },
            "timestamp": {
                "type": "string",
                "format": "date-time",
                "description": "ISO 8601 with seconds and a time zone; given back as it was sent",
            },
        },
    })
}

fn message() -> Value {
    json!({
        "type": "object",
        "required": ["messageId", "sender", "content", "timestamp"],
        "additionalProperties": false,
        "properties": {
            "messageId": {"$ref": "#/components/schemas/MessageId"},
            "sender": {"enum": ["customer", "agent"]},
            "content": {"type": "string"},
            "timestamp": {"type": "string"},
        },
    })
}

fn headers() -> Value {
    let header = |schema: Value, description: &str| json!({"required": true, "schema": schema, "description": description});
    let text = || json!({"type": "string"});
    json!({
        "RequestId": header(text(), "Names the request in the log"),
        "Location": header(text(), "The conversation's path"),
        "Etag": header(json!({"$ref": "#/components/schemas/Etag"}), "The cursor at the conversation's end"),
        "CacheControl": header(json!({"const": "private, no-cache"}), "An answer may be kept, and must be asked for anew"),
        "RetryAfter": header(json!({"type": "string", "pattern": "^[0-9]+$"}), "Seconds after which to try again"),
        "WwwAuthenticate": header(text(), "Bearer, as RFC 6750 says"),
        "IdempotencyReplayed": {
            "schema": {"const": "true"},
            "description": "Where the same send was answered before",
        },
    })
}
