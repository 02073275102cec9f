//! Sending only if nothing is new (`If-Match`).

use tokio::task::JoinSet;

use super::events::{joined, seen, typing};
use crate::api::Api;

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
