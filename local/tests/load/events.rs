//! Whole lives of conversations, from a creation under a key to a deletion, while Redis fails: each
//! step is repeated until it is answered, and must have been done once.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use testing::api::{Answer, Api};
use uuid::Uuid;

use crate::tally::Tally;

const AGENTS: [&str; 3] = ["Ada", "Bob", "Cy"];

/// Leads conversations until told to stop, and returns how many.
pub async fn lead(api: &Api, stop: &AtomicBool, tally: &Tally) -> usize {
    let mut count = 0;
    while !stop.load(Ordering::SeqCst) {
        lead_one(api, tally).await;
        count += 1;
    }
    count
}

async fn lead_one(api: &Api, tally: &Tally) {
    let key = Uuid::new_v4().to_string();
    let metadata = json!({"metadata": {"order": key}});
    let create = || tally.until_available(|| api.create_with(&metadata, &key));
    let (first, second) = tokio::join!(create(), create());
    let conversation = first.header("location");
    assert_eq!((first.status, second.status), (second.status, reqwest::StatusCode::CREATED));
    assert_eq!(conversation, second.header("location"));

    let join = |name: &'static str| {
        let event = json!({"sender": "agent", "event": "joined", "name": name});
        tally.until_available(move || api.event(conversation, event.clone()))
    };
    let [ada, bob, cy] = AGENTS.map(join);
    let (ada, bob, cy) = tokio::join!(ada, bob, cy);
    let joined: Vec<_> =
        AGENTS.iter().zip([ada, bob, cy]).filter(|(_, answer)| answer.status == 200).collect();
    assert_eq!(joined.len(), 1, "{joined:?}");

    let sent = tally.until_available(|| api.send_once(conversation, "hello", "hello")).await;
    assert_eq!(sent.status, 201, "{sent:?}");
    let cursor = changes(api, conversation, tally).await["cursor"].clone();
    let seen = json!({"sender": "agent", "event": "seen", "cursor": cursor});
    accepted(&tally.until_available(|| api.event(conversation, seen.clone())).await);
    let close = |sender: &'static str| {
        let event = json!({"sender": sender, "event": "closed", "reason": sender});
        tally.until_available(move || api.event(conversation, event.clone()))
    };
    let (by_agent, by_customer) = tokio::join!(close("agent"), close("customer"));
    accepted(&by_agent);
    accepted(&by_customer);
    let late = tally.until_available(|| api.send_once(conversation, "late", "late")).await;
    late.assert_error(409, "conversation_closed");

    let there = changes(api, conversation, tally).await;
    let events = there["events"].as_array().expect("events");
    let names: Vec<_> = events.iter().map(|event| event["event"].as_str()).collect();
    assert_eq!(names, [Some("created"), Some("joined"), Some("closed")], "{there}");
    assert_eq!(events[0]["metadata"], metadata["metadata"]);
    assert_eq!(events[1]["name"], *joined[0].0);
    assert_eq!(there["messages"].as_array().map(Vec::len), Some(1), "{there}");
    assert_eq!(there["seen"], json!({"agent": cursor}));

    let deleted = tally.until_available(|| api.delete_conversation(conversation)).await;
    // One whose answer was lost is not found again.
    assert!(matches!(deleted.status.as_u16(), 200 | 404), "{deleted:?}");
    let gone = tally.until_available(|| api.get(conversation)).await;
    gone.assert_error(404, "conversation_not_found");
}

async fn changes(api: &Api, conversation: &str, tally: &Tally) -> Value {
    let path = format!("{conversation}?after=0");
    tally.until_available(|| api.get(&path)).await.json()
}

fn accepted(answer: &Answer) {
    assert_eq!(answer.status, 200, "{answer:?}");
}
