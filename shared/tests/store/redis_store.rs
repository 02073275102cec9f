//! What only shows in Redis itself.

use crate::conversing::{create, open, pending, read, send};
use shared::domain::conversation::ConversationId;
use shared::domain::message_id::MessageId;
use shared::domain::version::KnownVersions;
use shared::event_log::line::DELETION_MARK;
use shared::store::{PendingConversation, Sent};
use testing::redis::RedisServer;

/// Milliseconds that a key has left.
fn life(redis: &RedisServer, key: &str) -> i64 {
    redis.command(&["PTTL", key]).trim_start_matches(':').trim().parse().unwrap()
}

/// The keys of a conversation, and of what is remembered of its sends.
fn keys(id: &ConversationId) -> [String; 2] {
    [format!("chat:2:{{{id}}}:log"), format!("chat:2:{{{id}}}:sends")]
}

#[tokio::test]
async fn a_conversation_lives_on_with_a_write_and_with_nothing_else() {
    let redis = RedisServer::start();
    let store = open(&[("REDIS_URL", &redis.url())]).await;
    let id = create(&store).await;
    let [key, _] = keys(&id);
    assert!(life(&redis, &key) > 1_700_000);
    let message = send(&store, &id, "hello").await;
    store.send(&id, &pending(&id, "hello", Some("key"))).await.unwrap();

    let shorten = || drop(redis.command(&["PEXPIRE", &key, "60000"]));
    shorten();
    store.read(&id, &KnownVersions::NONE).await.unwrap();
    store.send(&id, &pending(&id, "hello", Some("key"))).await.unwrap();
    store.send(&id, &pending(&id, "other", Some("key"))).await.unwrap_err();
    store.delete(&id, &MessageId::next(), None).await.unwrap_err();
    assert!(life(&redis, &key) <= 60_000);

    send(&store, &id, "hello").await;
    assert!(life(&redis, &key) > 1_700_000);
    shorten();
    store.delete(&id, &message, None).await.unwrap();
    assert!(life(&redis, &key) > 1_700_000);
}

#[tokio::test]
async fn sends_are_remembered_as_long_as_the_conversation_lives_on_with_whatever_write() {
    let redis = RedisServer::start();
    let store = open(&[("REDIS_URL", &redis.url())]).await;
    let id = create(&store).await;
    let [key, sends] = keys(&id);
    let keyed = pending(&id, "hello", Some("key"));
    let Sent::Added(message) = store.send(&id, &keyed).await.unwrap() else { panic!("replayed") };
    for write in ["send", "delete"] {
        // As if the keyed send had been long ago.
        redis.command(&["PEXPIRE", &sends, "60000"]);
        redis.command(&["SETRANGE", &key, "15", "0000000000001"]);
        match write {
            "send" => drop(send(&store, &id, "without a key").await),
            _ => store.delete(&id, &message, None).await.unwrap(),
        }
        assert!(life(&redis, &sends) >= life(&redis, &key), "after a {write}");
    }
    let again = store.send(&id, &pending(&id, "hello", Some("key"))).await.unwrap();
    assert_eq!(again, Sent::Replayed(message));
}

#[tokio::test]
async fn a_send_without_a_key_touches_one_key() {
    let redis = RedisServer::start();
    let store = open(&[("REDIS_URL", &redis.url())]).await;
    let id = create(&store).await;
    send(&store, &id, "hello").await;
    let [key, _] = keys(&id);
    assert_eq!(redis.command(&["KEYS", "*"]), format!("*1\r\n${}\r\n{key}\r\n", key.len()));
}

#[tokio::test]
async fn both_stores_hold_the_same_bytes() {
    let redis = RedisServer::start();
    let memory = open(&[]).await;
    let stores = [open(&[("REDIS_URL", &redis.url())]).await, memory];
    let id = ConversationId::random();
    let messages = ["one", "\"quoted\"\n", "ü😀\0"].map(|content| pending(&id, content, None));
    let deleted = pending(&id, "gone", None);
    let mut logs = Vec::new();
    for store in &stores {
        store.create(&PendingConversation::with_id(id)).await.unwrap();
        for message in &messages {
            store.send(&id, message).await.unwrap();
        }
        let Sent::Added(message) = store.send(&id, &deleted).await.unwrap() else {
            panic!("replayed");
        };
        store.delete(&id, &message, None).await.unwrap();
        let log = read(store, &id).await;
        logs.push(String::from_utf8(log).unwrap());
    }
    assert_eq!(logs[0], logs[1]);
    assert!(logs[0].contains(DELETION_MARK));
}

#[tokio::test]
async fn scripts_are_sent_again_to_a_server_that_forgot_them() {
    let redis = RedisServer::start();
    let store = open(&[("REDIS_URL", &redis.url())]).await;
    let id = create(&store).await;
    store.send(&id, &pending(&id, "one", None)).await.unwrap();
    redis.command(&["SCRIPT", "FLUSH"]);
    store.send(&id, &pending(&id, "two", None)).await.unwrap();
    let log = read(&store, &id).await;
    assert!(String::from_utf8(log).unwrap().contains("two"));
}
