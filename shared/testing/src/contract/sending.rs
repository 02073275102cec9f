//! Sending messages.

use serde_json::json;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::api::{Api, TIMESTAMP, answer, message};

pub async fn messages_are_read_in_the_order_in_which_they_were_sent(api: Api) {
    let conversation = api.create().await;
    let mut expected = Vec::new();
    for (content, sender) in [("one", "customer"), ("two", "agent"), ("three", "customer")] {
        let body = json!({"sender": sender, "content": content, "timestamp": TIMESTAMP, "more": 1});
        let customer = api.as_customer_of(&conversation);
        let api = if sender == "customer" { &customer } else { &api };
        let sent = api.post(&conversation, body.to_string()).await;
        assert_eq!(sent.status, 201);
        let id = sent.text("messageId");
        assert_eq!(sent.json(), json!({"message": "Message added successfully", "messageId": id}));
        assert!(!sent.headers.contains_key("idempotency-replayed"));
        assert_eq!(Uuid::parse_str(&id).expect("a UUID").get_version_num(), 7);
        expected.push(
            json!({"messageId": id, "sender": sender, "content": content, "timestamp": TIMESTAMP}),
        );
    }
    let read = api.get(&conversation).await;
    assert_eq!(read.status, 200);
    assert_eq!(read.json()["messages"], json!(expected));
}

pub async fn content_and_timestamp_are_given_back_byte_for_byte(api: Api) {
    let conversation = api.create().await;
    let contents = [
        " leading and trailing ",
        "\"quotes\", \\back\\slashes\\, {\"messageId\":\"x\"},\n{\"deleted\":\"x\"},\r\n\t",
        "\0\u{1}\u{1f}\u{7f}\u{85}\u{2028}\u{2029}\u{feff}\u{fffd}\u{10ffff}",
        "e\u{301} é 日本語 עברית 👩‍👩‍👧‍👦",
        "</script><!--",
    ];
    let timestamps = [
        "2025-04-05T14:01:00Z",
        "2025-04-05T14:01:00.000Z",
        "2025-04-05T14:01:00+02:00",
        "2025-04-05T14:01:00,25-0330",
        "1970-01-01T13:59:60.123456789+14",
    ];
    for (content, timestamp) in contents.iter().zip(timestamps) {
        let body = json!({"sender": "customer", "content": content, "timestamp": timestamp});
        let customer = api.as_customer_of(&conversation);
        assert_eq!(customer.post(&conversation, body.to_string()).await.status, 201, "{body}");
    }
    let read = api.get(&conversation).await.json();
    for (index, (content, timestamp)) in contents.iter().zip(timestamps).enumerate() {
        assert_eq!(read["messages"][index]["content"], *content);
        assert_eq!(read["messages"][index]["timestamp"], timestamp);
    }
}

pub async fn the_body_is_read_as_json_whatever_its_content_type_says(api: Api) {
    let conversation = api.create().await;
    let path = format!("{conversation}/messages");
    let kinds = [
        "application/json; charset=utf-8",
        "application/x-www-form-urlencoded",
        "text/plain",
        "image/png",
        "?",
    ];
    for kind in kinds {
        let request = api.request(reqwest::Method::POST, &path).header("Content-Type", kind);
        assert_eq!(answer(request.body(message(kind))).await.status, 201, "{kind}");
    }
    // A byte order mark before it is passed over, and `identity` is no encoding.
    let marked = format!("\u{feff}{}", message("marked"));
    let request = api.request(reqwest::Method::POST, &path).header("Content-Encoding", "identity");
    assert_eq!(answer(request.body(marked)).await.status, 201);
    assert_eq!(api.contents(&conversation).await, [&kinds[..], &["marked"]].concat());
}

pub async fn sixty_four_senders_at_once_lose_nothing(api: Api) {
    let conversation = api.create().await;
    let mut senders = JoinSet::new();
    for number in 0..64 {
        let (api, conversation) = (api.clone(), conversation.clone());
        senders.spawn(async move {
            for round in 0..4 {
                api.send(&conversation, &format!("{number} {round}")).await;
            }
        });
    }
    senders.join_all().await;

    let contents = api.contents(&conversation).await;
    assert_eq!(contents.len(), 64 * 4);
    for number in 0..64 {
        let own = contents.iter().filter(|content| content.starts_with(&format!("{number} ")));
        let expected: Vec<_> = (0..4).map(|round| format!("{number} {round}")).collect();
        assert_eq!(own.cloned().collect::<Vec<_>>(), expected);
    }
}

pub async fn a_send_with_an_idempotency_key_adds_one_message(api: Api) {
    let conversation = api.create().await;
    let first = api.send_once(&conversation, "once", "key-1").await;
    assert!(!first.headers.contains_key("idempotency-replayed"));
    for _ in 0..2 {
        let again = api.send_once(&conversation, "once", "key-1").await;
        assert_eq!((again.status, &again.body), (first.status, &first.body));
        assert_eq!(again.header("idempotency-replayed"), "true");
    }
    let other = api.send_once(&conversation, "once", "key-2").await;
    assert_ne!(other.body, first.body);
    assert_eq!(api.contents(&conversation).await, ["once", "once"]);

    // Neither a deletion nor another conversation changes what a key stands for.
    api.delete(&conversation, &first.text("messageId")).await;
    let replayed = api.send_once(&conversation, "once", "key-1").await;
    assert_eq!(replayed.body, first.body);
    assert_eq!(api.contents(&conversation).await, ["once"]);
    let elsewhere = api.create().await;
    assert_ne!(api.send_once(&elsewhere, "once", "key-1").await.body, first.body);
}

pub async fn an_idempotency_key_with_another_body_is_refused(api: Api) {
    let conversation = api.create().await;
    api.send_once(&conversation, "first", "key").await;
    let refused = api.send_once(&conversation, "second", "key").await;
    refused.assert_error(422, "idempotency_key_reused");
    assert_eq!(api.contents(&conversation).await, ["first"]);
}

pub async fn an_idempotency_key_sent_by_many_at_once_adds_one_message(api: Api) {
    let conversation = api.create().await;
    let mut senders = JoinSet::new();
    for _ in 0..32 {
        let (api, conversation) = (api.clone(), conversation.clone());
        senders.spawn(async move { api.send_once(&conversation, "once", "key").await });
    }
    let answers = senders.join_all().await;
    let first =
        answers.iter().filter(|answer| !answer.headers.contains_key("idempotency-replayed"));
    assert_eq!(first.count(), 1);
    assert!(answers.iter().all(|answer| answer.body == answers[0].body));
    assert_eq!(api.contents(&conversation).await, ["once"]);
}
