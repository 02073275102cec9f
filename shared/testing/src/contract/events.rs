//! What happens in a conversation beside its messages, and sending only if nothing is new.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::api::{Answer, Api, TIMESTAMP, message};
use crate::events::EventSource;

fn joined(name: &str) -> Value {
    json!({"sender": "agent", "event": "joined", "name": name})
}

fn closed() -> Value {
    json!({"sender": "agent", "event": "closed", "reason": "solved"})
}

fn seen(sender: &str, cursor: &str) -> Value {
    json!({"sender": sender, "event": "seen", "cursor": cursor})
}

fn typing(sender: &str) -> Value {
    json!({"sender": sender, "event": "typing"})
}

/// The events since a cursor, without their times.
async fn events(api: &Api, conversation: &str, after: &str) -> Vec<Value> {
    let mut changes = api.changes(conversation, after).await;
    let events = changes["events"].as_array_mut().expect("events");
    for event in &mut *events {
        let at = event.as_object_mut().expect("an object").remove("at").expect("a time");
        assert!(at.as_str().is_some_and(|at| at.ends_with('Z')), "{at}");
    }
    events.clone()
}

async fn cursor(api: &Api, conversation: &str) -> String {
    api.changes(conversation, "0").await["cursor"].as_str().expect("a cursor").to_owned()
}

pub async fn a_message_can_depend_on_nothing_new_having_happened(api: Api) {
    let conversation = api.create().await;
    let sent = api.send_if(&conversation, "first", "\"0\"").await;
    assert_eq!(sent.status, 201, "{}", sent.body);
    let etag = api.get(&conversation).await.header("etag").to_owned();
    for old in ["\"0\"", "\"1\"", "\"4294967295\"", "\"99999999999999999999\""] {
        let refused = api.send_if(&conversation, "late", old).await;
        refused.assert_error(412, "conversation_changed");
        assert_eq!(refused.header("etag"), etag);
    }
    for wrong in ["", "7", "W/\"7\"", "\"0\", \"1\"", "\"x\"", "\"07\"", "\"\""] {
        let refused = api.send_if(&conversation, "wrong", wrong).await;
        refused.assert_error(400, "invalid_if_match");
    }
    // Neither what is typed nor what is seen counts as new.
    api.accepted(&conversation, typing("agent")).await;
    api.accepted(&conversation, seen("agent", etag.trim_matches('"'))).await;
    assert_eq!(api.send_if(&conversation, "second", &etag).await.status, 201);
    assert_eq!(api.send_if(&conversation, "third", "*").await.status, 201);
    assert_eq!(api.contents(&conversation).await, ["first", "second", "third"]);
    // All else does.
    let etag = api.get(&conversation).await.header("etag").to_owned();
    api.accepted(&conversation, joined("Ada")).await;
    api.send_if(&conversation, "late", &etag).await.assert_error(412, "conversation_changed");
    let nowhere = "/api/conversations/00000000-0000-4000-8000-000000000000";
    api.send_if(nowhere, "x", "*").await.assert_error(404, "conversation_not_found");
}

pub async fn of_twelve_conditional_sends_at_once_one_is_added(api: Api) {
    let conversation = api.create().await;
    let mut senders = JoinSet::new();
    for number in 0..12 {
        let (api, conversation) = (api.clone(), conversation.clone());
        senders.spawn(async move {
            api.send_if(&conversation, &number.to_string(), "\"0\"").await.status.as_u16()
        });
    }
    let mut statuses = senders.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [&[201][..], &[412; 11]].concat());
    assert_eq!(api.contents(&conversation).await.len(), 1);
}

pub async fn a_conversation_is_taken_by_one_agent(api: Api) {
    let conversation = api.create().await;
    let mut agents = JoinSet::new();
    for name in ["Ada", "Bob", "Cy"] {
        let (api, conversation) = (api.clone(), conversation.clone());
        agents.spawn(async move { (name, api.event(&conversation, joined(name)).await) });
    }
    let mut taken_by = None;
    for (name, answer) in agents.join_all().await {
        if answer.status == 200 {
            assert_eq!(taken_by.replace(name), None, "two have taken it");
        } else {
            answer.assert_error(409, "already_joined");
        }
    }
    let name = taken_by.expect("somebody has taken it");
    let event = json!({"event": "joined", "sender": "agent", "name": name});
    assert_eq!(events(&api, &conversation, "0").await, [event]);
    // The same again changes nothing; others' messages are accepted.
    let before = cursor(&api, &conversation).await;
    api.accepted(&conversation, joined(name)).await;
    assert_eq!(cursor(&api, &conversation).await, before);
    let nameless = json!({"sender": "agent", "event": "joined"});
    api.event(&conversation, nameless.clone()).await.assert_error(409, "already_joined");
    api.send(&conversation, "from whoever").await;

    // What was taken by nobody in particular can be joined once, by a name.
    let conversation = api.create().await;
    api.accepted(&conversation, nameless.clone()).await;
    api.accepted(&conversation, nameless.clone()).await;
    api.accepted(&conversation, joined("Ada")).await;
    api.event(&conversation, joined("Bob")).await.assert_error(409, "already_joined");
    let names: Vec<_> = events(&api, &conversation, "0").await;
    let nameless = json!({"event": "joined", "sender": "agent"});
    assert_eq!(names, [nameless, json!({"event": "joined", "sender": "agent", "name": "Ada"})]);
}

pub async fn an_agents_first_message_takes_a_conversation(api: Api) {
    if !api.uses_tokens() {
        // It was taken by nobody in particular, and so can still be joined.
        let conversation = api.create().await;
        api.send(&conversation, "hello").await;
        let nameless = json!({"sender": "agent", "event": "joined"});
        api.accepted(&conversation, nameless).await;
        assert_eq!(events(&api, &conversation, "0").await, Vec::<Value>::new());
        api.accepted(&conversation, joined("Ada")).await;
        api.event(&conversation, joined("Bob")).await.assert_error(409, "already_joined");
        return;
    }
    let [ada, bob] = ["ada", "bob"].map(|sub| api.with_token(crate::token::agent_named(sub)));
    let conversation = api.create().await;
    let customer = api.as_customer_of(&conversation);
    let from_customer = json!({"sender": "customer", "content": "hi", "timestamp": TIMESTAMP});
    customer.post(&conversation, from_customer.to_string()).await;
    ada.send(&conversation, "hello").await;
    bob.event(&conversation, joined("Bob")).await.assert_error(409, "already_joined");
    api.event(&conversation, joined("Ada")).await.assert_error(409, "already_joined");
    ada.accepted(&conversation, joined("Ada")).await;
    // Others may help, and the one who took it is told to nobody.
    bob.send(&conversation, "hello").await;
    assert!(!api.get(&format!("{conversation}?after=0")).await.body.contains("ada"));
    // Where the customer alone has written, anybody can join.
    let conversation = api.create().await;
    let customer = api.as_customer_of(&conversation);
    customer.post(&conversation, from_customer.to_string()).await;
    bob.accepted(&conversation, joined("Bob")).await;
    ada.event(&conversation, joined("Bob")).await.assert_error(409, "already_joined");
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
    let before = api.changes(&conversation, "0").await;
    let customer = api.as_customer_of(&conversation);
    let mut follower = EventSource::new(&api, &conversation);
    assert_eq!(follower.next().await.event, "expires");
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

pub async fn events_reach_who_waits_and_who_streams(api: Api) {
    let conversation = api.create().await;
    let mut follower = EventSource::new(&api, &conversation);
    assert_eq!(follower.next().await.event, "expires");
    let mut after = "0".to_owned();
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
