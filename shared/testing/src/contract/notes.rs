//! What has no line in the log: how far a side has seen it, and that a side is writing.

use serde_json::json;

use super::events::{cursor, seen, typing};
use crate::api::Api;
use crate::events::EventSource;

pub async fn what_a_side_has_seen_is_told_and_moves_no_cursor(api: Api) {
    let conversation = api.create().await;
    let customer = api.as_customer_of(&conversation);
    assert_eq!(api.changes(&conversation, "0").await["seen"], json!({}));
    api.send(&conversation, "one").await;
    let first = cursor(&api, &conversation).await;
    api.send(&conversation, "two").await;
    let second = cursor(&api, &conversation).await;
    let before = api.changes(&conversation, "0").await;
    customer.accepted(&conversation, seen("customer", &first)).await;
    let after = api.changes(&conversation, "0").await;
    assert_eq!(after["seen"], json!({"customer": first}));
    assert_eq!((&after["cursor"], &after["expiresAt"]), (&before["cursor"], &before["expiresAt"]));
    customer.accepted(&conversation, seen("customer", &second)).await;
    // A mark only moves forward.
    for earlier in ["0", &first] {
        customer.accepted(&conversation, seen("customer", earlier)).await;
    }
    api.accepted(&conversation, seen("agent", &first)).await;
    let marks = json!({"customer": second, "agent": first});
    assert_eq!(api.changes(&conversation, &second).await["seen"], marks);
    let beyond = (second.parse::<u32>().expect("a number") + 1).to_string();
    for never in ["1", &beyond, "4294967295", "99999999999"] {
        let refused = api.event(&conversation, seen("agent", never)).await;
        refused.assert_error(400, "invalid_cursor");
    }
    // A stream begins with the marks there are.
    let mut follower = EventSource::new(&api, &conversation);
    let mut told = Vec::new();
    while told.len() < 2 {
        let event = follower.next().await;
        if event.event == "seen" {
            told.push(event.data);
        }
    }
    assert_eq!(told[0], json!({"event": "seen", "sender": "customer", "cursor": second}));
    assert_eq!(told[1], json!({"event": "seen", "sender": "agent", "cursor": first}));
    // It tells of each that moves.
    let moved = json!({"event": "seen", "sender": "agent", "cursor": second});
    let moving = async {
        api.accepted(&conversation, seen("agent", &second)).await;
        api.send(&conversation, "three").await;
    };
    let telling = async {
        loop {
            let event = follower.next().await;
            if event.data == moved {
                return event;
            }
        }
    };
    let (event, ()) = tokio::join!(telling, moving);
    assert!(event.id.parse::<u32>().is_ok(), "{event:?}");
}

pub async fn typing_is_told_to_who_streams_and_is_not_kept(api: Api) {
    let conversation = api.create().await;
    // On Lambda, a batch with nothing in it would be held.
    api.send(&conversation, "hello").await;
    let before = api.changes(&conversation, "0").await;
    let customer = api.as_customer_of(&conversation);
    let mut follower = EventSource::new(&api, &conversation);
    assert_eq!(follower.next_happening().await.event, "message");
    // It is told to those who stream at the moment, which on Lambda is not always.
    let telling = async {
        loop {
            customer.accepted(&conversation, typing("customer")).await;
        }
    };
    let event = tokio::select! {
        event = follower.next_happening() => event,
        () = telling => unreachable!(),
    };
    assert_eq!((event.id.as_str(), event.event.as_str()), ("", "typing"));
    assert_eq!(event.data, json!({"event": "typing", "sender": "customer"}));
    assert_eq!(api.changes(&conversation, "0").await, before);
}
