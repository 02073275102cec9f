//! What happens in a conversation beside its messages: closing it, telling of it, refusing it.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::api::{Answer, Api, message};
use crate::events::EventSource;

pub(super) fn joined(name: &str) -> Value {
    json!({"sender": "agent", "event": "joined", "name": name})
}

pub(super) fn closed() -> Value {
    json!({"sender": "agent", "event": "closed", "reason": "solved"})
}

pub(super) fn seen(sender: &str, cursor: &str) -> Value {
    json!({"sender": sender, "event": "seen", "cursor": cursor})
}

pub(super) fn typing(sender: &str) -> Value {
    json!({"sender": sender, "event": "typing"})
}

/// The events since a cursor, without their times.
pub(super) async fn events(api: &Api, conversation: &str, after: &str) -> Vec<Value> {
    let mut changes = api.changes(conversation, after).await;
    let events = changes["events"].as_array_mut().expect("events");
    for event in &mut *events {
        let at = event.as_object_mut().expect("an object").remove("at").expect("a time");
        assert!(at.as_str().is_some_and(|at| at.ends_with('Z')), "{at}");
    }
    events.clone()
}

pub(super) async fn cursor(api: &Api, conversation: &str) -> String {
    api.changes(conversation, "0").await["cursor"].as_str().expect("a cursor").to_owned()
}

pub async fn a_closed_conversation_can_be_read_and_takes_nothing_more(api: Api) {
    let conversation = api.create().await;
    let first = api.send_once(&conversation, "first", "key").await;
    let etag = api.get(&conversation).await.header("etag").to_owned();
    let mut closing = JoinSet::new();
    for _ in 0..3 {
        let (api, conversation) = (api.clone(), conversation.clone());
        closing.spawn(async move { api.accepted(&conversation, closed()).await });
    }
    closing.join_all().await;
    let customer = api.as_customer_of(&conversation);
    let other = json!({"sender": "customer", "event": "closed", "reason": "bored"});
    customer.accepted(&conversation, other).await;
    let event = json!({"event": "closed", "sender": "agent", "reason": "solved"});
    assert_eq!(events(&api, &conversation, "0").await, [event]);

    let refused = |answer: Answer| answer.assert_error(409, "conversation_closed");
    refused(api.post(&conversation, message("more")).await);
    refused(api.send_once(&conversation, "more", "another-key").await);
    refused(api.send_if(&conversation, "more", &etag).await);
    refused(api.event(&conversation, joined("Ada")).await);
    refused(api.event(&conversation, typing("agent")).await);
    // The key is looked at before.
    let replayed = api.send_once(&conversation, "first", "key").await;
    assert_eq!((replayed.status, &replayed.body), (first.status, &first.body));
    api.send_once(&conversation, "x", "key").await.assert_error(422, "idempotency_key_reused");
    let end = cursor(&api, &conversation).await;
    api.accepted(&conversation, seen("agent", &end)).await;
    assert_eq!(api.contents(&conversation).await, ["first"]);
    assert_eq!(api.delete(&conversation, &first.text("messageId")).await.status, 200);
    assert_eq!(api.contents(&conversation).await, [""; 0]);
}

pub async fn events_reach_who_waits_and_who_streams(api: Api) {
    let conversation = api.create().await;
    // On Lambda, a batch with nothing in it would be held.
    api.send(&conversation, "hello").await;
    let mut follower = EventSource::new(&api, &conversation);
    let mut after = follower.next_happening().await.id;
    for (event, name) in [(joined("Ada"), "joined"), (closed(), "closed")] {
        let path = format!("{conversation}?after={after}&wait=25");
        let (waited, ()) = tokio::join!(api.get(&path), api.accepted(&conversation, event));
        let waited = waited.json();
        assert_eq!(waited["events"][0]["event"], name);
        assert_eq!(waited["messages"], json!([]));
        after = waited["cursor"].as_str().expect("a cursor").to_owned();
        let told = follower.next_happening().await;
        assert_eq!((told.event.as_str(), &told.id), (name, &after));
        assert_eq!(told.data, waited["events"][0]);
    }
    // What is seen or typed wakes nobody who waits.
    let path = format!("{conversation}?after={after}&wait=1");
    let (waited, ()) =
        tokio::join!(api.get(&path), api.accepted(&conversation, seen("agent", &after)));
    assert_eq!((&waited.json()["events"], &waited.json()["cursor"]), (&json!([]), &json!(after)));
}

pub async fn an_event_that_is_no_event_is_refused_by_the_field(api: Api) {
    let conversation = api.create().await;
    let long = |length: usize| "ü".repeat(length);
    for (event, code) in [
        (json!([]), "invalid_json"),
        (json!({}), "missing_field"),
        (json!({"sender": "agent"}), "missing_field"),
        (json!({"event": "typing"}), "missing_field"),
        (json!({"sender": "agent", "event": "seen"}), "missing_field"),
        (json!({"sender": "boss", "event": "typing"}), "invalid_sender"),
        (json!({"sender": "agent", "event": "left"}), "invalid_event"),
        (json!({"sender": "agent", "event": 7}), "invalid_event"),
        (seen("agent", ""), "invalid_cursor"),
        (seen("agent", "-1"), "invalid_cursor"),
        (seen("agent", "00"), "invalid_cursor"),
        (json!({"sender": "agent", "event": "seen", "cursor": 0}), "invalid_cursor"),
        (joined(""), "invalid_name"),
        (joined(&long(65)), "invalid_name"),
        (json!({"sender": "agent", "event": "joined", "name": null}), "invalid_name"),
        (json!({"sender": "agent", "event": "closed", "reason": long(257)}), "invalid_reason"),
        (json!({"sender": "agent", "event": "closed", "reason": ""}), "invalid_reason"),
    ] {
        api.event(&conversation, event).await.assert_error(400, code);
    }
    let customer = api.as_customer_of(&conversation);
    let joins = json!({"sender": "customer", "event": "joined"});
    customer.event(&conversation, joins).await.assert_error(400, "invalid_sender");
    let nowhere = "/api/conversations/00000000-0000-4000-8000-000000000000";
    for event in [typing("agent"), seen("agent", "0"), joined("Ada"), closed()] {
        api.event(nowhere, event).await.assert_error(404, "conversation_not_found");
    }
    if api.uses_tokens() {
        customer.event(&conversation, typing("agent")).await.assert_error(403, "forbidden");
    }
    assert_eq!(api.changes(&conversation, "0").await["cursor"], "0");
    api.accepted(&conversation, joined(&long(64))).await;
}
