//! What each route takes and answers.

use functions::route::Route;
use serde_json::{Value, json};
use shared::limits::MAX_WAIT_SECONDS;

use super::errors;

pub(super) fn operation(route: Route) -> Value {
    let mut operation = match route {
        Route::CreateConversation => create_conversation(),
        Route::SendMessage => send_message(),
        Route::GetConversation => get_conversation(),
        Route::DeleteMessage => delete_message(),
    };
    operation["operationId"] = route.name().into();
    if let Some(responses) = operation["responses"].as_object_mut() {
        responses.extend(errors::responses(route));
    }
    operation
}

fn create_conversation() -> Value {
    json!({
        "summary": "Begins a conversation",
        "security": [],
        "responses": {"201": {
            "description": "It has begun",
            "headers": {"x-request-id": header("RequestId"), "location": header("Location")},
            "content": {"application/json": {"schema": {
                "type": "object",
                "required": ["conversationId"],
                "additionalProperties": false,
                "properties": {
                    "conversationId": schema("ConversationId"),
                    "customerToken": {
                        "type": "string",
                        "description": "The customer's token, where tokens are on",
                    },
                },
            }}},
        }},
    })
}

fn send_message() -> Value {
    json!({
        "summary": "Sends a message, once for each idempotency key",
        "security": [{}, {"token": []}],
        "parameters": [conversation_id(), {
            "name": "Idempotency-Key",
            "in": "header",
            "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
            "description": "The same key with the same message adds it once, however often it is sent",
        }],
        "requestBody": {
            "required": true,
            "content": {"application/json": {"schema": schema("NewMessage")}},
        },
        "responses": {"201": {
            "description": "The message is the conversation's newest, or was added before under the same key",
            "headers": {
                "x-request-id": header("RequestId"),
                "idempotency-replayed": header("IdempotencyReplayed"),
            },
            "content": {"application/json": {"schema": {
                "type": "object",
                "required": ["message", "messageId"],
                "additionalProperties": false,
                "properties": {
                    "message": {"const": "Message added successfully"},
                    "messageId": schema("MessageId"),
                },
            }}},
        }},
    })
}

fn get_conversation() -> Value {
    let parameter = |name: &str, place: &str, schema: Value, description: &str| json!({"name": name, "in": place, "schema": schema, "description": description});
    let wait = json!({"type": "integer", "minimum": 0, "maximum": MAX_WAIT_SECONDS});
    json!({
        "summary": "Reads a conversation: whole, from a cursor on, or as a stream of events",
        "description": "With `Accept: text/event-stream` the events `message`, `deleted`, `expires` and, \
            as the last one, `expired`, each with the cursor as its id.",
        "security": [{}, {"token": []}, {"tokenInQuery": []}],
        "parameters": [
            conversation_id(),
            parameter("after", "query", schema("Cursor"), "What has happened since"),
            parameter("wait", "query", wait, "Seconds to wait for something to happen after the cursor"),
            parameter("If-None-Match", "header", json!({"type": "string"}), "Entity tags that the client has"),
            parameter("Last-Event-ID", "header", json!({"type": "string"}), "Where a stream goes on, before `after`"),
        ],
        "responses": {
            "200": {
                "description": "The messages; or what happened since the cursor; or a stream",
                "headers": {
                    "x-request-id": header("RequestId"),
                    "cache-control": header("CacheControl"),
                    "etag": {
                        "description": "The cursor at the conversation's end, where it is read whole",
                        "schema": schema("Etag"),
                    },
                },
                "content": {
                    "application/json": {"schema": {"oneOf": [whole(), since()]}},
                    "text/event-stream": {"schema": {"type": "string"}},
                },
            },
            "304": {
                "description": "The client has the latest version",
                "headers": {"x-request-id": header("RequestId"), "etag": header("Etag")},
            },
        },
    })
}

fn whole() -> Value {
    json!({
        "type": "object",
        "required": ["conversationId", "messages"],
        "additionalProperties": false,
        "properties": {"conversationId": schema("ConversationId"), "messages": messages()},
    })
}

fn since() -> Value {
    json!({
        "type": "object",
        "required": ["conversationId", "messages", "deleted", "cursor", "expiresAt"],
        "additionalProperties": false,
        "properties": {
            "conversationId": schema("ConversationId"),
            "messages": messages(),
            "deleted": {"type": "array", "items": schema("MessageId")},
            "cursor": schema("Cursor"),
            "expiresAt": {"type": "string", "format": "date-time"},
        },
    })
}

fn delete_message() -> Value {
    let message_id = json!({
        "name": "messageId", "in": "path", "required": true, "schema": schema("MessageId"),
    });
    json!({
        "summary": "Deletes a message's content at once",
        "security": [{}, {"token": []}],
        "parameters": [conversation_id(), message_id],
        "responses": {"200": {
            "description": "The message is gone",
            "headers": {"x-request-id": header("RequestId")},
            "content": {"application/json": {"schema": {
                "type": "object",
                "required": ["message"],
                "additionalProperties": false,
                "properties": {"message": {"const": "Message deleted successfully"}},
            }}},
        }},
    })
}

fn conversation_id() -> Value {
    json!({
        "name": "conversationId", "in": "path", "required": true, "schema": schema("ConversationId"),
    })
}

fn messages() -> Value {
    json!({"type": "array", "items": schema("Message")})
}

fn schema(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn header(name: &str) -> Value {
    json!({"$ref": format!("#/components/headers/{name}")})
}
