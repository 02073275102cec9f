//! Following a conversation: by cursor, by held request, by event stream.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::api::{Api, answer, message};
use crate::events::EventSource;
use crate::wait::PATIENCE;

pub async fn a_cursor_yields_what_happened_since(api: Api) {
    let conversation = api.create().await;
    let nothing = api.get(&format!("{conversation}?after=0")).await;
    assert_eq!(nothing.header("cache-control"), "private, no-cache");
    let body = nothing.json();
    assert_eq!(
        (&body["messages"], &body["deleted"], &body["cursor"]),
        (&json!([]), &json!([]), &json!("0"))
    );

    let first = api.send(&conversation, "one").await;
    let second = api.send(&conversation, "two").await;
    let both = api.get(&format!("{conversation}?after=0")).await.json();
    let fields: HashSet<_> =
        both.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(
        fields,
        HashSet::from([
            "conversationId",
            "messages",
            "deleted",
            "events",
            "seen",
            "cursor",
            "expiresAt"
        ])
    );
    let all = api.get(&conversation).await;
    assert_eq!(both["messages"], all.json()["messages"]);
    assert_eq!(both["conversationId"], all.json()["conversationId"]);
    assert_eq!(format!("\"{}\"", both["cursor"].as_str().expect("a text")), all.header("etag"));
    assert!(both["expiresAt"].as_str().expect("a text").ends_with('Z'));

    let after_both = cursor(&both);
    api.delete(&conversation, &first).await;
    let third = api.send(&conversation, "three").await;
    let fourth = api.send(&conversation, "four").await;
    api.delete(&conversation, &fourth).await;
    let since = api.get(&format!("{conversation}?after={after_both}")).await.json();
    assert_eq!(ids(&since), std::slice::from_ref(&third));
    assert_eq!(since["deleted"], json!([first, fourth]));
    let everything = api.get(&format!("{conversation}?after=0")).await.json();
    assert_eq!(ids(&everything), [second, third]);
    assert_eq!(everything["cursor"], since["cursor"]);
}

fn cursor(body: &Value) -> &str {
    body["cursor"].as_str().expect("a cursor")
}

fn ids(body: &Value) -> Vec<String> {
    let messages = body["messages"].as_array().expect("messages").iter();
    messages.map(|message| message["messageId"].as_str().expect("an id").to_owned()).collect()
}

pub async fn a_follower_gets_past_what_was_deleted_however_much_it_is(api: Api) {
    let conversation = api.create().await;
    // More than a batch, as it is kept: each byte takes six.
    let mut deleted = Vec::new();
    for _ in 0..12 {
        deleted.push(api.send(&conversation, &"\u{1}".repeat(16 * 1024)).await);
    }
    for message in &deleted {
        assert_eq!(api.delete(&conversation, message).await.status, 200);
    }
    let last = api.send(&conversation, "the last").await;
    let mut source = EventSource::new(&api, &conversation);
    loop {
        let event = timeout(PATIENCE, source.next_happening()).await.expect("the last message");
        if event.event == "message" {
            assert_eq!(event.data["messageId"], last);
            return;
        }
        assert_eq!(event.event, "deleted");
    }
}

pub async fn a_stream_is_for_who_accepts_one(api: Api) {
    let conversation = api.create().await;
    let request = api.request(Method::GET, &conversation);
    let answer = answer(request.header("Accept", "text/event-stream;q=0, */*")).await;
    assert_eq!(answer.header("content-type"), "application/json");
}

pub async fn a_cursor_that_was_never_given_out_is_refused(api: Api) {
    let conversation = api.create().await;
    api.send(&conversation, "},\n{\"deleted\":\"x\"},\n").await;
    let body = api.get(&format!("{conversation}?after=0")).await.json();
    let end: u32 = cursor(&body).parse().expect("a number");
    for middle in 1..end {
        let refused = api.get(&format!("{conversation}?after={middle}")).await;
        refused.assert_error(400, "invalid_cursor");
    }
    assert_eq!(api.get(&format!("{conversation}?after={end}")).await.status, 200);
    let beyond = (end + 1).to_string();
    for wrong in
        [&beyond, "", "x", "-1", "00", "1.5", "%30%30", "4294967295", "99999999999999999999"]
    {
        let refused = api.get(&format!("{conversation}?after={wrong}&wait=25")).await;
        refused.assert_error(400, "invalid_cursor");
        let stream = api.request(Method::GET, &conversation).header("Accept", "text/event-stream");
        if !wrong.is_empty() {
            answer(stream.header("Last-Event-ID", wrong)).await.assert_error(400, "invalid_cursor");
        }
    }
    for wrong in ["", "x", "-1", "26", "+5", "0.5", "99999999999999999999"] {
        let refused = api.get(&format!("{conversation}?after=0&wait={wrong}")).await;
        refused.assert_error(400, "invalid_wait");
    }
    let unknown = "/api/conversations/00000000-0000-4000-8000-000000000000";
    api.get(&format!("{unknown}?after=0&wait=25"))
        .await
        .assert_error(404, "conversation_not_found");
    let stream = api.request(Method::GET, unknown).header("Accept", "text/event-stream");
    answer(stream).await.assert_error(404, "conversation_not_found");
}

pub async fn a_held_request_is_answered_when_something_happens(api: Api) {
    let conversation = api.create().await;
    let mut cursor = "0".to_owned();
    let mut last = String::new();
    for change in ["sent", "sent again", "deleted"] {
        let held = tokio::spawn({
            let (api, path) = (api.clone(), format!("{conversation}?after={cursor}&wait=25"));
            async move { api.get(&path).await }
        });
        // Whether the request or the change comes first must make no difference; both happen.
        tokio::task::yield_now().await;
        if change == "deleted" {
            api.delete(&conversation, &last).await;
        } else {
            last = api.send(&conversation, change).await;
        }
        let body = held.await.expect("an answer").json();
        if change == "deleted" {
            assert_eq!((ids(&body), &body["deleted"]), (vec![], &json!([last])));
        } else {
            assert_eq!((ids(&body), &body["deleted"]), (vec![last.clone()], &json!([])));
        }
        cursor = self::cursor(&body).to_owned();
    }
}

pub async fn a_held_request_in_which_nothing_happens_comes_back_with_the_same_cursor(api: Api) {
    let conversation = api.create().await;
    api.send(&conversation, "hello").await;
    let before = api.get(&format!("{conversation}?after=0&wait=25")).await.json();
    let after = cursor(&before);
    let body = api.get(&format!("{conversation}?after={after}&wait=1")).await.json();
    assert_eq!((ids(&body), &body["deleted"], cursor(&body)), (vec![], &json!([]), after));
    assert_eq!(body["expiresAt"], before["expiresAt"], "following keeps nothing alive");
}

pub async fn a_stream_tells_the_expiry_first_and_each_event_with_its_cursor(api: Api) {
    let conversation = api.create().await;
    let first = api.send(&conversation, "one\nline").await;
    let mut source = EventSource::new(&api, &conversation);
    let expires = source.next().await;
    assert_eq!((expires.event.as_str(), expires.id.as_str()), ("expires", "0"));
    let read = api.get(&format!("{conversation}?after=0")).await.json();
    assert_eq!(expires.data, json!({"expiresAt": read["expiresAt"]}));

    let sent = source.next_happening().await;
    assert_eq!((sent.event.as_str(), sent.id.as_str()), ("message", cursor(&read)));
    assert_eq!(sent.data, read["messages"][0]);

    api.delete(&conversation, &first).await;
    // The deletion moved the expiry: a stream that is held open tells so after it, a batch before.
    let (mut deleted, mut moved) = (None, None);
    while deleted.is_none() || moved.is_none() {
        let event = source.next().await;
        match event.event.as_str() {
            "deleted" => deleted = Some(event),
            "expires" if event.data != expires.data => moved = Some(event),
            _ => assert_eq!(event.event, "expires"),
        }
    }
    let (deleted, moved) = (deleted.expect("seen"), moved.expect("seen"));
    assert_eq!(deleted.data, json!({"messageId": first}));
    let read = api.get(&format!("{conversation}?after={}", deleted.id)).await.json();
    assert_eq!(cursor(&read), deleted.id);
    assert_eq!(moved.data["expiresAt"], read["expiresAt"]);
}

pub async fn a_stream_goes_on_from_the_last_event_id_before_the_cursor_in_the_query(api: Api) {
    let conversation = api.create().await;
    let mut cursors = vec!["0".to_owned()];
    let mut messages = Vec::new();
    for content in ["one", "two", "three"] {
        messages.push(api.send(&conversation, content).await);
        cursors.push(cursor(&api.get(&format!("{conversation}?after=0")).await.json()).to_owned());
    }
    let path = format!("{conversation}?after={}", cursors[1]);
    let mut from_query = EventSource::new(&api, &path);
    assert_eq!(from_query.next_happening().await.data["messageId"], messages[1]);
    let mut from_header = EventSource::after(&api, &path, &cursors[2]);
    assert_eq!(from_header.next_happening().await.data["messageId"], messages[2]);
}

pub async fn a_stream_ends_with_the_conversation(api: Api) {
    let conversation = api.create().await;
    let mut source = EventSource::new(&api, &conversation);
    api.send(&conversation, "hello").await;
    let expired = loop {
        let event = source.next().await;
        match event.event.as_str() {
            "message" | "expires" => {}
            _ => break event,
        }
    };
    assert_eq!((expired.event.as_str(), expired.data), ("expired", json!({})));
    assert_eq!(source.next_of_connection().await, None, "it is the last event");
    api.get(&conversation).await.assert_error(404, "conversation_not_found");
}

const WRITERS: usize = 8;
const SENDS: usize = 12;
const FOLLOWERS: usize = 3;

pub async fn followers_who_come_and_go_miss_nothing_and_see_nothing_twice(api: Api) {
    follow_at_random(&[api], Duration::ZERO).await;
}

/// Many write and delete through `apis` while others follow, drop and resume at random; each of
/// them must have seen every event, once and in order. `pause` is what a writer rests in between.
pub async fn follow_at_random(apis: &[Api], pause: Duration) {
    let conversation = apis[0].create().await;
    let mut followers = JoinSet::new();
    for number in 0..FOLLOWERS {
        let source = EventSource::new(&apis[number % apis.len()], &conversation);
        followers.spawn(see_everything(source));
    }
    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        let api = apis[number % apis.len()].clone();
        let conversation = conversation.clone();
        writers.spawn(async move {
            let mut deleted = Vec::new();
            for round in 0..SENDS {
                let key = format!("{number}-{round}");
                let sent = persistently(|| api.send_once(&conversation, &key, &key)).await;
                if fastrand::bool() {
                    let id = sent.text("messageId");
                    persistently(|| api.delete(&conversation, &id)).await;
                    deleted.push(id);
                }
                tokio::time::sleep(pause).await;
            }
            deleted
        });
    }
    let deleted: HashSet<String> = writers.join_all().await.into_iter().flatten().collect();
    persistently(|| apis[0].post(&conversation, message("the end"))).await;

    let read = persistently(|| apis[0].get(&conversation)).await.json();
    let left = ids(&read);
    // "The end" may have been sent twice where an answer was lost: it carries no key.
    assert!(left.len() > WRITERS * SENDS - deleted.len());
    for (sent, gone) in followers.join_all().await {
        let position: HashMap<_, _> = sent.iter().enumerate().map(|(at, id)| (id, at)).collect();
        assert_eq!(position.len(), sent.len(), "a message was seen twice");
        let gone_once: HashSet<_> = gone.iter().cloned().collect();
        assert_eq!(gone_once.len(), gone.len(), "a deletion was seen twice");
        assert_eq!(gone_once, deleted, "every deletion is seen");
        let remaining: Vec<_> = sent.iter().filter(|id| !gone_once.contains(*id)).collect();
        assert_eq!(remaining, left.iter().take(remaining.len()).collect::<Vec<_>>());
        assert!(remaining.len() > WRITERS * SENDS - deleted.len(), "a message was missed");
    }
}

/// Messages and deletions, in the order in which they were seen, up to the message "the end".
async fn see_everything(mut source: EventSource) -> (Vec<String>, Vec<String>) {
    let (mut sent, mut gone) = (Vec::new(), Vec::new());
    loop {
        let event = source.next_happening().await;
        let id = event.data["messageId"].as_str().expect("an id").to_owned();
        match event.event.as_str() {
            "message" => sent.push(id),
            "deleted" => gone.push(id),
            other => panic!("an event that should not be: {other}"),
        }
        if event.data["content"] == "the end" {
            return (sent, gone);
        }
        if fastrand::u8(..) < 32 {
            source.drop_connection();
        }
    }
}

/// Tries until the store can be reached. A deletion whose answer was lost is not found any more.
async fn persistently<F: Future<Output = crate::api::Answer>>(
    act: impl Fn() -> F,
) -> crate::api::Answer {
    loop {
        let answer = act().await;
        match answer.status.as_u16() {
            503 => tokio::time::sleep(Duration::from_millis(20)).await,
            404 => {
                answer.assert_error(404, "message_not_found");
                return answer;
            }
            _ => {
                assert!(answer.status.is_success(), "{answer:?}");
                return answer;
            }
        }
    }
}
