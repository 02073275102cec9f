//! Every refusal of the contract's table that a client can bring about.

use std::collections::HashSet;

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{Api, TIMESTAMP, answer, message};

pub async fn bad_requests_get_the_error_that_names_the_fault(api: Api) {
    let conversation = api.create().await;
    let existing = api.send(&conversation, "stays").await;

    for body in ["", "x", "null", "[]", "\"x\"", "{", "{\"sender\":\"agent\"", "{} {}"] {
        api.post(&conversation, body).await.assert_error(400, "invalid_json");
    }
    api.post(&conversation, b"{\"content\":\"\xff\"}".to_vec())
        .await
        .assert_error(400, "invalid_json");
    api.post(&conversation, "[".repeat(100_000)).await.assert_error(400, "invalid_json");

    let good = json!({"sender": "agent", "content": "hello", "timestamp": TIMESTAMP});
    let encoded = |encoding| {
        let path = format!("{conversation}/messages");
        let request = api.request(Method::POST, &path).header("Content-Encoding", encoding);
        answer(request.body(good.to_string()))
    };
    for encoding in ["gzip", "br", "identity, gzip", "x"] {
        encoded(encoding).await.assert_error(415, "unsupported_encoding");
    }
    let last_second = with(&good, "timestamp", &json!("2025-04-05T14:01:60Z"));
    api.post(&conversation, last_second).await.assert_error(400, "invalid_timestamp");
    for (field, wrong) in [
        ("sender", json!(["", "Agent", "system", null, 7, true, [], {}])),
        ("content", json!(["", null, 7, true, ["hello"], {"text": "hello"}])),
        (
            "timestamp",
            json!([
                "",
                "now",
                "2025-04-05",
                "2025-04-05T14:01Z",
                "2025-04-05T14:01:00",
                null,
                1743861660
            ]),
        ),
    ] {
        let mut missing = good.clone();
        missing.as_object_mut().expect("an object").remove(field);
        let refused = api.post(&conversation, missing.to_string()).await;
        refused.assert_error(400, "missing_field");
        assert!(refused.text("error").contains(field), "{}", refused.body);

        for value in wrong.as_array().expect("an array") {
            let body = with(&good, field, value);
            let refused = api.post(&conversation, body).await;
            refused.assert_error(400, &format!("invalid_{field}"));
            assert!(refused.text("error").contains(field), "{}", refused.body);
        }
    }

    for key in ["", "a b", &"k".repeat(256)] {
        api.send_once(&conversation, "hello", key)
            .await
            .assert_error(400, "invalid_idempotency_key");
    }

    for id in ["x", "%20", "%ff", &"7".repeat(36), &existing.replace('-', "")] {
        let path = format!("/api/conversations/{id}");
        api.get(&path).await.assert_error(400, "invalid_conversation_id");
        api.post(&path, message("hello")).await.assert_error(400, "invalid_conversation_id");
        api.delete(&path, &existing).await.assert_error(400, "invalid_conversation_id");
        api.delete(&conversation, id).await.assert_error(400, "invalid_message_id");
    }

    let unknown = format!("/api/conversations/{}", Uuid::new_v4());
    api.get(&unknown).await.assert_error(404, "conversation_not_found");
    api.post(&unknown, message("hello")).await.assert_error(404, "conversation_not_found");
    api.delete(&unknown, &existing).await.assert_error(404, "conversation_not_found");
    let never = Uuid::new_v4().to_string();
    api.delete(&conversation, &never).await.assert_error(404, "message_not_found");

    assert_eq!(api.contents(&conversation).await, ["stays"]);
}

fn with(body: &Value, field: &str, value: &Value) -> String {
    let mut body = body.clone();
    body[field] = value.clone();
    body.to_string()
}

pub async fn what_is_too_large_is_refused_and_the_largest_is_not(api: Api) {
    let conversation = api.create().await;
    let largest = "ü".repeat(8 * 1024);
    assert_eq!(api.post(&conversation, message(&largest)).await.status, 201);
    let too_large = api.post(&conversation, message(&format!("{largest}x"))).await;
    too_large.assert_error(413, "content_too_large");

    let padded =
        |length: usize| message("small") + " ".repeat(length - message("small").len()).as_str();
    assert_eq!(api.post(&conversation, padded(128 * 1024)).await.status, 201);
    let too_large = api.post(&conversation, padded(128 * 1024 + 1)).await;
    too_large.assert_error(413, "body_too_large");

    assert_eq!(api.contents(&conversation).await, [largest.as_str(), "small"]);
}

pub async fn a_full_conversation_takes_no_more_and_keeps_what_it_has(api: Api) {
    let conversation = api.create().await;
    let first = api.send(&conversation, "one").await;
    api.send(&conversation, "two").await;
    let etag = api.get(&conversation).await.header("etag").to_owned();

    let refused = api.post(&conversation, message(&"x".repeat(200))).await;
    refused.assert_error(409, "conversation_full");
    let refused = api.send_once(&conversation, &"x".repeat(200), "key").await;
    refused.assert_error(409, "conversation_full");
    assert_eq!(api.get(&conversation).await.header("etag"), etag);

    // The refused send did not use its key up, and deleting is possible still.
    let admitted = api.send_once(&conversation, "3", "key").await;
    assert_eq!(admitted.status, 201);
    assert!(!admitted.headers.contains_key("idempotency-replayed"));
    assert_eq!(api.delete(&conversation, &first).await.status, 200);
    assert_eq!(api.contents(&conversation).await, ["two", "3"]);
}

pub async fn every_answer_carries_a_request_id_of_its_own(api: Api) {
    let conversation = api.create().await;
    let mut ids = HashSet::new();
    for answer in [
        answer(api.request(Method::POST, "/api/conversations")).await,
        api.post(&conversation, message("hello")).await,
        api.post(&conversation, "x").await,
        api.get(&conversation).await,
        api.get("/api/conversations/x").await,
        api.delete(&conversation, "x").await,
    ] {
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(ids.insert(answer.header("x-request-id").to_owned()), "{answer:?}");
    }
    assert!(!ids.contains(""));
}
