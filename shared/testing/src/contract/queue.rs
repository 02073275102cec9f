//! The conversations that wait for an agent.
//!
//! Others may be in the queue as well, because the Redis may be shared.

use std::time::Instant;

use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Api, TIMESTAMP, answer};
use crate::events::EventSource;
use crate::wait::until;

const PATH: &str = "/api/conversations?limit=1000";

/// The ids in a list of waiting conversations that are among these.
fn own(list: &Value, paths: &[String]) -> Vec<String> {
    let listed = list["conversations"].as_array().expect("conversations");
    let ids = listed.iter().map(|it| it["conversationId"].as_str().expect("an id"));
    ids.map(|id| format!("/api/conversations/{id}")).filter(|path| paths.contains(path)).collect()
}

async fn waiting(api: &Api, paths: &[String]) -> Vec<String> {
    let list = api.get(PATH).await;
    assert_eq!(list.status, 200, "{}", list.body);
    own(&list.json(), paths)
}

async fn cursor(api: &Api) -> String {
    api.get(PATH).await.text("cursor")
}

pub async fn conversations_wait_in_the_order_in_which_they_were_created(api: Api) {
    let mut created = Vec::new();
    for _ in 0..5 {
        created.push(api.create().await);
    }
    let list = api.get(PATH).await;
    assert_eq!(list.header("cache-control"), "private, no-cache");
    let list = list.json();
    assert_eq!(own(&list, &created), created);
    let first = &list["conversations"][0];
    assert_eq!(first.as_object().map(|it| it.len()), Some(2), "{first}");
    let times: Vec<_> = list["conversations"].as_array().expect("conversations").iter().collect();
    assert!(times.is_sorted_by_key(|it| it["createdAt"].as_str().expect("a time")));
    let two = api.get("/api/conversations?limit=2").await.json();
    assert_eq!(two["conversations"].as_array().map(Vec::len), Some(2), "{two}");

    // A creation that comes again keeps its place.
    let key = "0b1e7c52-7a3e-4b1f-9c55-0d2f6a7b8c9d".to_owned();
    let keyed = api.create_with("", &key).await.header("location").to_owned();
    let later = api.create().await;
    api.create_with("", &key).await;
    let both = [keyed, later];
    assert_eq!(waiting(&api, &both).await, both);

    for wrong in ["0", "1001", "-1", "+1", "x", ""] {
        let refused = api.get(&format!("/api/conversations?limit={wrong}")).await;
        refused.assert_error(400, "invalid_limit");
    }
    for wrong in ["x", "-1", "01", "99999999999999999999"] {
        let refused = api.get(&format!("{PATH}&after={wrong}")).await;
        refused.assert_error(400, "invalid_cursor");
    }
    api.get(&format!("{PATH}&wait=26")).await.assert_error(400, "invalid_wait");
}

pub async fn a_conversation_waits_until_it_is_taken_closed_or_deleted(api: Api) {
    let mut created = Vec::new();
    for _ in 0..6 {
        created.push(api.create().await);
    }
    let [joined, answered, closed, deleted, named, kept] = &created[..] else {
        panic!("six were created");
    };
    // What the customer does takes nothing.
    let customer = api.as_customer_of(kept);
    let message = json!({"sender": "customer", "content": "hi", "timestamp": TIMESTAMP});
    assert_eq!(customer.post(kept, message.to_string()).await.status, 201);
    api.accepted(kept, json!({"sender": "agent", "event": "typing"})).await;
    api.accepted(kept, json!({"sender": "agent", "event": "seen", "cursor": "0"})).await;
    assert_eq!(waiting(&api, &created).await, created);

    api.accepted(joined, json!({"sender": "agent", "event": "joined"})).await;
    api.accepted(named, json!({"sender": "agent", "event": "joined", "name": "Ada"})).await;
    api.send_once(answered, "hello", "key").await;
    api.accepted(closed, json!({"sender": "agent", "event": "closed"})).await;
    assert_eq!(api.delete_conversation(deleted).await.status, 200);
    assert_eq!(waiting(&api, &created).await, std::slice::from_ref(kept));
    // Nor do they come back.
    api.send_once(answered, "hello", "key").await;
    api.accepted(named, json!({"sender": "agent", "event": "joined", "name": "Ada"})).await;
    assert_eq!(waiting(&api, &created).await, std::slice::from_ref(kept));
}

pub async fn an_expired_conversation_waits_no_longer(api: Api) {
    let created = [api.create().await];
    let before = cursor(&api).await;
    // Who follows is told of it within five seconds.
    let mut follower = EventSource::after(&api, PATH, &before);
    let told = async {
        loop {
            let event = follower.next().await;
            if own(&event.data, &created).is_empty() {
                return;
            }
        }
    };
    told.await;
    until("it is not listed", async || waiting(&api, &created).await.is_empty()).await;
}

pub async fn who_waits_for_the_queue_is_told_of_its_change(api: Api) {
    let before = cursor(&api).await;
    let path = format!("{PATH}&after={before}&wait=25");
    let (told, created) = tokio::join!(api.get(&path), api.create());
    let mut list = told.json();
    // Another conversation may have come first.
    let created = [created];
    while own(&list, &created).is_empty() {
        let after = list["cursor"].as_str().expect("a cursor").to_owned();
        list = api.get(&format!("{PATH}&after={after}&wait=25")).await.json();
    }
    let after = list["cursor"].as_str().expect("a cursor").to_owned();
    let path = format!("{PATH}&after={after}&wait=25");
    let take = api.accepted(&created[0], json!({"sender": "agent", "event": "joined"}));
    let (told, ()) = tokio::join!(api.get(&path), take);
    assert_ne!(told.text("cursor"), after);
    // A cursor that the queue does not know is answered at once, and without one nothing is held.
    let asked = Instant::now();
    for unknown in ["after=1&wait=25", "after=18446744073709551615&wait=25", "wait=25"] {
        assert_eq!(api.get(&format!("{PATH}&{unknown}")).await.status, 200);
    }
    assert!(asked.elapsed().as_secs() < 25, "an unknown cursor was held");
}

pub async fn the_queue_is_streamed_as_it_stands_and_as_it_changes(api: Api) {
    let first = api.create().await;
    let mut follower = EventSource::new(&api, PATH);
    let event = follower.next().await;
    assert_eq!(event.event, "queue");
    assert_eq!(event.data["cursor"], event.id);
    assert_eq!(own(&event.data, std::slice::from_ref(&first)), std::slice::from_ref(&first));

    let both = [first.clone(), api.create().await];
    while own(&follower.next().await.data, &both) != both {}
    api.accepted(&first, json!({"sender": "agent", "event": "joined"})).await;
    while own(&follower.next().await.data, &both) != both[1..] {}
    // What is known already is not told again.
    let known = cursor(&api).await;
    let mut again = EventSource::after(&api, PATH, &known);
    let later = api.create().await;
    let event = again.next().await;
    assert_ne!(event.id, known);
    let mut list = event.data;
    while own(&list, std::slice::from_ref(&later)).is_empty() {
        list = again.next().await.data;
    }
}

pub async fn the_queue_is_for_agents_of_every_conversation(api: Api) {
    if !api.uses_tokens() {
        return assert_eq!(api.get(PATH).await.status, 200);
    }
    let conversation = api.create().await;
    let bound = api.with_token(crate::token::bound_agent(&conversation));
    bound.get(PATH).await.assert_error(403, "forbidden");
    api.as_customer_of(&conversation).get(PATH).await.assert_error(403, "forbidden");
    api.with_token("x".to_owned()).get(PATH).await.assert_error(401, "unauthorized");
}

pub async fn the_queue_is_not_there_unless_it_is_switched_on(api: Api) {
    let refused = api.get(PATH).await;
    refused.assert_error(405, "method_not_allowed");
    assert_eq!(refused.header("allow"), "POST");
    let put = answer(api.request(Method::PUT, "/api/conversations")).await;
    assert!(matches!(put.status.as_u16(), 404 | 405), "{put:?}");
}
