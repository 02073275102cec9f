//! The one agent who takes a conversation, by joining or by a message.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::events::{cursor, events, joined};
use crate::api::{Api, TIMESTAMP};

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
