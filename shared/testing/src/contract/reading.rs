//! Reading, deleting and expiring.

use reqwest::Method;
use serde_json::json;

use crate::api::{Answer, Api, answer};
use crate::wait::until;

async fn get_unless(api: &Api, conversation: &str, etag: &str) -> Answer {
    answer(api.request(Method::GET, conversation).header("If-None-Match", etag)).await
}

pub async fn a_reader_who_has_the_latest_version_is_answered_without_a_body(api: Api) {
    let conversation = api.create().await;
    let empty = api.get(&conversation).await;
    assert_eq!(empty.header("etag"), "\"0\"");
    assert_eq!(empty.header("cache-control"), "private, no-cache");
    let mut etag = empty.header("etag").to_owned();

    let message = api.send(&conversation, "hello").await;
    for change in ["sent", "deleted"] {
        if change == "deleted" {
            assert_eq!(api.delete(&conversation, &message).await.status, 200);
        }
        let stale = get_unless(&api, &conversation, &etag).await;
        assert_eq!(stale.status, 200, "{change}");
        assert_ne!(stale.header("etag"), etag, "{change}");
        etag = stale.header("etag").to_owned();

        for known in [etag.clone(), format!("W/{etag}"), format!("\"0\", {etag}"), "*".to_owned()] {
            let fresh = get_unless(&api, &conversation, &known).await;
            assert_eq!((fresh.status.as_u16(), fresh.body.as_str()), (304, ""), "{known}");
            assert_eq!(fresh.header("etag"), etag);
            assert_eq!(fresh.header("cache-control"), "private, no-cache");
        }
    }
    for unknown in ["\"0\"", "\"x\"", "x", "\"18446744073709551615\""] {
        assert_eq!(get_unless(&api, &conversation, unknown).await.status, 200, "{unknown}");
    }
}

pub async fn any_version_is_known_to_who_says_so_and_none_of_what_is_not_there(api: Api) {
    let conversation = api.create().await;
    assert_eq!(get_unless(&api, &conversation, "*").await.status, 304);
    let never = "/api/conversations/3f0c9e1a-8f64-4f0e-9d3b-0a1b2c3d4e5f";
    get_unless(&api, never, "*").await.assert_error(404, "conversation_not_found");
}

pub async fn a_deleted_message_is_gone_and_the_others_stay(api: Api) {
    let conversation = api.create().await;
    let mut messages = Vec::new();
    for content in ["one", "two", "three"] {
        messages.push(api.send(&conversation, content).await);
    }
    let deleted = api.delete(&conversation, &messages[1]).await;
    assert_eq!(deleted.status, 200);
    assert_eq!(deleted.json(), json!({"message": "Message deleted successfully"}));
    assert_eq!(api.contents(&conversation).await, ["one", "three"]);
    api.delete(&conversation, &messages[1]).await.assert_error(404, "message_not_found");

    api.delete(&conversation, &messages[2]).await;
    api.send(&conversation, "four").await;
    assert_eq!(api.contents(&conversation).await, ["one", "four"]);
    api.delete(&conversation, &messages[0].to_uppercase()).await;

    let elsewhere = api.create().await;
    let foreign = api.send(&elsewhere, "five").await;
    api.delete(&conversation, &foreign).await.assert_error(404, "message_not_found");
    assert_eq!(api.contents(&conversation).await, ["four"]);
    assert_eq!(api.contents(&elsewhere).await, ["five"]);
}

pub async fn a_conversation_of_the_largest_size_is_read_whole(api: Api) {
    let conversation = api.create().await;
    // Each quote is escaped in the answer, and once more on its way out of Lambda.
    let content = "\"".repeat(16 * 1024);
    let mut sent = 0;
    loop {
        let answer = api.post(&conversation, crate::api::message(&content)).await;
        if answer.status != 201 {
            answer.assert_error(409, "conversation_full");
            break;
        }
        sent += 1;
    }
    assert!(sent > 120, "{sent}");
    let contents = api.contents(&conversation).await;
    assert_eq!(contents.len(), sent);
    assert!(contents.iter().all(|read| *read == content));
}

pub async fn an_idle_conversation_is_gone(api: Api) {
    let conversation = api.create().await;
    let message = api.send(&conversation, "hello").await;
    until("the conversation expires", async || api.get(&conversation).await.status != 200).await;

    api.get(&conversation).await.assert_error(404, "conversation_not_found");
    let late = api.post(&conversation, crate::api::message("late")).await;
    late.assert_error(404, "conversation_not_found");
    api.delete(&conversation, &message).await.assert_error(404, "conversation_not_found");
    api.get(&conversation).await.assert_error(404, "conversation_not_found");
}
