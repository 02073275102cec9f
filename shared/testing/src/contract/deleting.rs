//! Deleting a whole conversation.

use serde_json::json;
use uuid::Uuid;

use crate::api::Api;
use crate::events::EventSource;

pub async fn a_deleted_conversation_is_gone_at_once_and_its_followers_are_told(api: Api) {
    let key = Uuid::new_v4().to_string();
    let created = api.create_with(json!({"metadata": {"a": 1}}), &key).await;
    let conversation = created.header("location");
    if api.uses_tokens() {
        let customer = api.as_customer_of(conversation);
        customer.delete_conversation(conversation).await.assert_error(403, "forbidden");
    }
    api.send_once(conversation, "hello", "send").await;
    let mut follower = EventSource::new(&api, conversation);
    while follower.next().await.event != "message" {}

    let deleting = async {
        // On Lambda the follower asks again in between, which takes as long as it takes.
        let deleted = api.delete_conversation(conversation).await;
        assert_eq!(deleted.status, 200, "{}", deleted.body);
        assert_eq!(deleted.json(), json!({"message": "Conversation deleted successfully"}));
    };
    let ended = async {
        loop {
            match follower.next_or_status().await {
                Ok(event) if event.event == "expired" => return,
                Ok(event) => assert_eq!(event.event, "expires"),
                Err(status) => return assert_eq!(status, 404),
            }
        }
    };
    tokio::join!(deleting, ended);

    api.get(conversation).await.assert_error(404, "conversation_not_found");
    let again = api.delete_conversation(conversation).await;
    again.assert_error(404, "conversation_not_found");
    let late = api.send_once(conversation, "hello", "send").await;
    late.assert_error(404, "conversation_not_found");
    // Its key begins it anew, and nothing of the first is left.
    let again = api.create_with("", &key).await;
    assert!(!again.headers.contains_key("idempotency-replayed"));
    assert_eq!(api.changes(conversation, "0").await["cursor"], "0");
    let sent = api.send_once(conversation, "hello", "send").await;
    assert!(!sent.headers.contains_key("idempotency-replayed"));
    assert_eq!(api.contents(conversation).await, ["hello"]);
}
