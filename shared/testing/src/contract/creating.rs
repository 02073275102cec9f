//! Creating conversations: under a random id, with metadata, and under a key.

use serde_json::json;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::api::{Api, answer};
use crate::wait::until;

pub async fn a_conversation_is_created_under_a_random_id(api: Api) {
    let created = answer(api.request(reqwest::Method::POST, "/api/conversations")).await;
    assert_eq!(created.status, 201);
    assert_eq!(created.header("content-type"), "application/json");
    let id = created.text("conversationId");
    // With tokens, and only then, the customer is given one.
    let mut body = created.json();
    let token = body.as_object_mut().expect("an object").remove("customerToken");
    assert_eq!(token.is_some(), api.uses_tokens(), "{token:?}");
    assert_eq!(body, json!({"conversationId": id}));
    assert_eq!(created.header("location"), format!("/api/conversations/{id}"));
    assert_eq!(Uuid::parse_str(&id).expect("a UUID").get_version_num(), 4);

    let read = api.get(created.header("location")).await;
    assert_eq!(read.json(), json!({"conversationId": id, "messages": []}));
}

pub async fn metadata_is_the_first_event_without_its_white_space(api: Api) {
    let body = "{ \"metadata\": {\n \"order\" : 1.50, \"big\": 123456789012345678901234567890,\t\"name\": \"Ada \\n \\\"L\\\"\", \"\": [ null , {} ],\r\n \"order\": -0 } }";
    let created = api.create_with(body, "").await;
    assert_eq!(created.status, 201, "{}", created.body);
    let conversation = created.header("location");
    api.send(conversation, "hello").await;

    let changes = api.get(&format!("{conversation}?after=0")).await;
    let kept = r#"{"order":1.50,"big":123456789012345678901234567890,"name":"Ada \n \"L\"","":[null,{}],"order":-0}"#;
    let event = format!(r#""events":[{{"event":"created","metadata":{kept},"at":""#);
    assert!(changes.body.contains(&event), "{}", changes.body);
    let at = changes.json()["events"][0]["at"].as_str().expect("a time").to_owned();
    assert!(at.starts_with("20") && at.ends_with('Z'), "{at}");
    // A whole read has messages and nothing else.
    let read = api.get(conversation).await.json();
    assert_eq!(read.as_object().map(|read| read.len()), Some(2), "{read}");
    assert_eq!(api.contents(conversation).await, ["hello"]);
    // Nothing comes of a body without metadata.
    let plain = api.create_with(r#"{"other": 1}"#, "").await;
    let changes = api.changes(plain.header("location"), "0").await;
    assert_eq!((&changes["events"], &changes["cursor"]), (&json!([]), &json!("0")));
}

pub async fn metadata_that_is_no_small_object_is_refused(api: Api) {
    for metadata in ["null", "[]", "7", "\"{}\""] {
        let refused = api.create_with(format!("{{\"metadata\":{metadata}}}"), "").await;
        refused.assert_error(400, "invalid_metadata");
    }
    let metadata = |length: usize| json!({"metadata": {"a": "x".repeat(length - 8)}});
    assert_eq!(api.create_with(metadata(4096), "").await.status, 201);
    api.create_with(metadata(4097), "").await.assert_error(400, "invalid_metadata");
    for body in ["null", "[]", "{", "\"x\""] {
        api.create_with(body, "").await.assert_error(400, "invalid_json");
    }
}

pub async fn creations_at_once_under_a_key_make_one_conversation(api: Api) {
    let key = Uuid::new_v4().to_string();
    let mut creations = JoinSet::new();
    for _ in 0..6 {
        let (api, key) = (api.clone(), key.clone());
        creations
            .spawn(async move { api.create_with(json!({"metadata": {"order": 7}}), &key).await });
    }
    let answers = creations.join_all().await;
    let replayed =
        answers.iter().filter(|answer| answer.headers.contains_key("idempotency-replayed"));
    assert_eq!(replayed.count(), 5);
    let id = answers[0].text("conversationId");
    assert_eq!(Uuid::parse_str(&id).expect("a UUID").get_version_num(), 4);
    assert_ne!(id, key);
    for answer in &answers {
        assert_eq!((answer.status.as_u16(), answer.text("conversationId")), (201, id.clone()));
        assert_eq!(answer.json()["customerToken"].is_string(), api.uses_tokens());
    }
    // A creation that comes again changes nothing, whatever has happened since.
    let conversation = answers[0].header("location");
    api.send(conversation, "hello").await;
    let before = api.changes(conversation, "0").await;
    let again = api.create_with(json!({"metadata": {"order": 7}}), &key.to_uppercase()).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(api.changes(conversation, "0").await, before);
    assert_eq!(before["events"].as_array().map(Vec::len), Some(1));
}

pub async fn a_creation_key_is_a_random_uuid_and_stands_for_one_body(api: Api) {
    for key in [
        "key",
        "3f0c1a527a3e4b1f9c550d2f6a7b8c9d",
        "3f0c1a52-7a3e-7b1f-9c55-0d2f6a7b8c9d",
        "00000000-0000-0000-0000-000000000000",
    ] {
        api.create_with("", key).await.assert_error(400, "invalid_idempotency_key");
    }
    let key = Uuid::new_v4().to_string();
    assert_eq!(api.create_with(json!({"metadata": {"a": 1}}), &key).await.status, 201);
    assert_eq!(api.create_with("{\"metadata\":{ \"a\":1 }}", &key).await.status, 201);
    for other in [json!({"metadata": {"a": 2}}), json!({"metadata": {}}), json!({})] {
        api.create_with(other, &key).await.assert_error(422, "idempotency_key_reused");
    }
    let key = Uuid::new_v4().to_string();
    assert_eq!(api.create_with("", &key).await.status, 201);
    assert_eq!(api.create_with("{}", &key).await.status, 201);
    let refused = api.create_with(json!({"metadata": {}}), &key).await;
    refused.assert_error(422, "idempotency_key_reused");
}

pub async fn a_creation_key_of_what_is_gone_begins_anew(api: Api) {
    let key = Uuid::new_v4().to_string();
    let created = api.create_with("", &key).await;
    let conversation = created.header("location");
    api.send_once(conversation, "of the first", "send").await;
    until("it has expired", async || api.get(conversation).await.status == 404).await;
    let again = api.create_with("", &key).await;
    assert!(!again.headers.contains_key("idempotency-replayed"));
    assert_eq!(again.header("location"), conversation);
    assert_eq!(api.contents(conversation).await, [""; 0]);
    let sent = api.send_once(conversation, "of the second", "send").await;
    assert_eq!(
        (sent.status, api.contents(conversation).await),
        (reqwest::StatusCode::CREATED, vec!["of the second".to_owned()])
    );
}
