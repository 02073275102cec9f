//! What only shows in Redis itself.
#![allow(clippy::unwrap_used, clippy::panic)]

mod conversing;

use conversing::{draft, open, read};
use shared::conversation::ConversationId;
use shared::log;
use shared::message::MessageId;
use shared::store::Sent;
use testing::redis::RedisServer;

/// Milliseconds that a key has left.
fn life(redis: &RedisServer, key: &str) -> i64 {
    redis.command(&["PTTL", key]).trim_start_matches(':').trim().parse().unwrap()
}

#[tokio::test]
async fn both_keys_live_on_with_a_write_and_with_nothing_else() {
    let redis = RedisServer::start();
    let store = open(&[("REDIS_URL", &redis.url())]).await;
    let id = ConversationId::random();
    store.create(&id).await.unwrap();
    let keys = [format!("chat:{{{id}}}:log"), format!("chat:{{{id}}}:keys")];
    assert!(life(&redis, &keys[0]) > 1_700_000);
    let Sent::Added(message) = store.send(&id, &draft(&id, "hello", Some("key"))).await.unwrap()
    else {
        panic!("replayed");
    };

    let shorten = || keys.iter().for_each(|key| drop(redis.command(&["PEXPIRE", key, "60000"])));
    let lives = || keys.each_ref().map(|key| life(&redis, key) > 60_000);
    shorten();
    store.read(&id, &[]).await.unwrap();
    store.send(&id, &draft(&id, "hello", Some("key"))).await.unwrap();
    store.send(&id, &draft(&id, "other", Some("key"))).await.unwrap_err();
    store.delete(&id, &MessageId::next(), None).await.unwrap_err();
    assert_eq!(lives(), [false, false]);

    store.send(&id, &draft(&id, "hello", None)).await.unwrap();
    assert_eq!(lives(), [true, true]);
    shorten();
    store.delete(&id, &message, None).await.unwrap();
    assert_eq!(lives(), [true, true]);
}

#[tokio::test]
async fn both_stores_hold_the_same_bytes() {
    let redis = RedisServer::start();
    let memory = open(&[]).await;
    let stores = [open(&[("REDIS_URL", &redis.url())]).await, memory];
    let id = ConversationId::random();
    let drafts = ["one", "\"quoted\"\n", "ü😀\0"].map(|content| draft(&id, content, None));
    let deleted = draft(&id, "gone", None);
    let mut logs = Vec::new();
    for store in &stores {
        store.create(&id).await.unwrap();
        for draft in &drafts {
            store.send(&id, draft).await.unwrap();
        }
        let Sent::Added(message) = store.send(&id, &deleted).await.unwrap() else {
            panic!("replayed");
        };
        store.delete(&id, &message, None).await.unwrap();
        let log = read(store, &id).await;
        logs.push(String::from_utf8(log).unwrap());
    }
    assert_eq!(logs[0], logs[1]);
    assert!(logs[0].contains(log::DELETION_MARK));
}

#[tokio::test]
async fn scripts_are_sent_again_to_a_server_that_forgot_them() {
    let redis = RedisServer::start();
    let store = open(&[("REDIS_URL", &redis.url())]).await;
    let id = ConversationId::random();
    store.create(&id).await.unwrap();
    store.send(&id, &draft(&id, "one", None)).await.unwrap();
    redis.command(&["SCRIPT", "FLUSH"]);
    store.send(&id, &draft(&id, "two", None)).await.unwrap();
    let log = read(&store, &id).await;
    assert!(String::from_utf8(log).unwrap().contains("two"));
}
