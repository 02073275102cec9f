//! Redis as it fails in the field: each fault is made to happen to a real one.

use std::time::Duration;

use crate::conversing::{
    RESPONSE_LIMIT, append_messages, contents, create, cursors, open, pending, send,
    through_a_proxy,
};
use shared::domain::cursor::Cursor;
use shared::domain::version::KnownVersions;
use shared::error::Error;
use shared::store::Sent;
use testing::proxy::{Fault, Proxy};
use testing::redis::RedisServer;
use tokio::time::timeout;

#[tokio::test]
async fn a_send_whose_answer_was_lost_adds_one_message() {
    let (_redis, proxy, store) = through_a_proxy().await;
    let id = create(&store).await;
    for key in [None, Some("key")] {
        proxy.fail(Fault::LoseAnswer);
        let sent = store.send(&id, &pending(&id, "once", key)).await.unwrap();
        assert!(matches!(sent, Sent::Added(_)), "the first attempt's message is its own");
        assert!(proxy.has_failed());
    }
    assert_eq!(contents(&store, &id).await, ["once", "once"]);
}

#[tokio::test]
async fn a_deletion_or_creation_whose_answer_was_lost_is_done_once() {
    let (_redis, proxy, store) = through_a_proxy().await;
    proxy.fail(Fault::LoseAnswer);
    let id = create(&store).await;
    assert!(proxy.has_failed());
    let message = send(&store, &id, "gone").await;
    proxy.fail(Fault::LoseAnswer);
    store.delete(&id, &message, None).await.unwrap();
    assert!(proxy.has_failed());
    assert!(matches!(store.delete(&id, &message, None).await, Err(Error::MessageNotFound)));
    assert!(contents(&store, &id).await.is_empty());
}

#[tokio::test]
async fn an_answer_cut_in_the_middle_is_asked_for_again() {
    let (_redis, proxy, store) = through_a_proxy().await;
    let id = create(&store).await;
    let content = "x".repeat(16 * 1024);
    send(&store, &id, &content).await;
    proxy.fail(Fault::CutAnswer);
    assert_eq!(contents(&store, &id).await, [content]);
    assert!(proxy.has_failed());
}

#[tokio::test]
async fn a_connection_that_died_without_a_word_costs_no_request() {
    let (_redis, proxy, store) = through_a_proxy().await;
    let id = create(&store).await;
    for content in ["cut", "silent"] {
        match content {
            "cut" => proxy.cut(),
            _ => proxy.fail(Fault::HoldRequests),
        }
        timeout(RESPONSE_LIMIT, send(&store, &id, content)).await.unwrap();
        timeout(RESPONSE_LIMIT, send(&store, &id, content)).await.unwrap();
    }
    assert_eq!(contents(&store, &id).await, ["cut", "cut", "silent", "silent"]);
}

#[tokio::test]
async fn a_first_attempt_that_arrives_after_the_second_adds_nothing_and_destroys_nothing() {
    let (redis, proxy, store) = through_a_proxy().await;
    let id = create(&store).await;
    for key in [None, Some("key")] {
        proxy.fail(Fault::HoldRequests);
        store.send(&id, &pending(&id, "once", key)).await.unwrap();
        late(&redis, &proxy).await;
    }
    assert_eq!(contents(&store, &id).await, ["once", "once"]);

    proxy.fail(Fault::HoldRequests);
    let id = create(&store).await;
    send(&store, &id, "kept").await;
    late(&redis, &proxy).await;
    assert_eq!(contents(&store, &id).await, ["kept"]);
}

/// Lets the held first attempt through, and waits until Redis has run it.
pub async fn late(redis: &RedisServer, proxy: &Proxy) {
    let processed = || -> u64 {
        let stats = redis.command(&["INFO", "stats"]);
        let line = stats.lines().find_map(|line| line.strip_prefix("total_commands_processed:"));
        line.unwrap().parse().unwrap()
    };
    let own = processed();
    let each = processed() - own;
    let before = processed();
    proxy.release();
    let mut asked = 1;
    timeout(RESPONSE_LIMIT, async {
        while processed() <= before + asked * each {
            asked += 1;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
}

/// Runs a command after which Redis answers nobody for a while, and waits for that.
fn halt(port: u16, command: &[&str]) {
    testing::redis::command(port, command).unwrap();
}

#[tokio::test]
async fn whatever_redis_does_a_request_is_answered_in_time_and_the_next_is_served_when_it_is_back()
{
    for fault in ["stopped", "paused", "asleep", "killed"] {
        let mut redis = RedisServer::start();
        let store = open(&[("REDIS_URL", &redis.url())]).await;
        let id = create(&store).await;
        let port = redis.port();
        let halted = match fault {
            "paused" => Some(std::thread::spawn(move || halt(port, &["CLIENT", "PAUSE", "3500"]))),
            "asleep" => Some(std::thread::spawn(move || halt(port, &["DEBUG", "SLEEP", "3.5"]))),
            "stopped" => {
                redis.signal("STOP");
                None
            }
            _ => {
                redis.save();
                redis.kill();
                None
            }
        };
        let refused = timeout(RESPONSE_LIMIT, async {
            // Until Redis halts it answers.
            loop {
                if let Err(error) = store.send(&id, &pending(&id, "lost", Some("lost"))).await {
                    return error;
                }
            }
        });
        let refused = refused.await.unwrap_or_else(|_| panic!("{fault}: no answer in time"));
        assert!(matches!(refused, Error::StoreUnavailable(_)), "{fault}: {refused:?}");

        match (fault, halted) {
            ("stopped", _) => redis.signal("CONT"),
            ("killed", _) => redis.restart(),
            (_, halted) => halted.unwrap().join().unwrap(),
        }
        let served = timeout(RESPONSE_LIMIT, store.send(&id, &pending(&id, "back", None))).await;
        served.unwrap().unwrap_or_else(|error| panic!("{fault}: {error:?}"));
        let contents = contents(&store, &id).await;
        assert!(contents.iter().filter(|content| *content == "back").count() == 1, "{fault}");
        assert!(contents.iter().filter(|content| *content == "lost").count() <= 1, "{fault}");
    }
}

/// Has the next command answered, on a new connection, and nothing after that.
fn answered_once_more(proxy: &Proxy) {
    proxy.fail(Fault::HoldRequests);
    // A new connection is opened, and the command is answered on it.
    proxy.silence_after(2);
}

#[tokio::test]
async fn an_operation_of_several_trips_has_one_deadline() {
    let (redis, proxy, store) = through_a_proxy().await;
    let id = create(&store).await;
    send(&store, &id, "hello").await;

    answered_once_more(&proxy);
    let read = timeout(RESPONSE_LIMIT, store.read(&id, &cursors(&[Cursor::START]))).await;
    assert!(matches!(read.expect("in time"), Err(Error::StoreUnavailable(_))));

    let (redis, proxy, store) = {
        drop((redis, proxy));
        through_a_proxy().await
    };
    let id = create(&store).await;
    send(&store, &id, "hello").await;
    redis.command(&["SCRIPT", "FLUSH"]);
    answered_once_more(&proxy);
    let sent = timeout(RESPONSE_LIMIT, store.send(&id, &pending(&id, "late", None))).await;
    assert!(matches!(sent.expect("in time"), Err(Error::StoreUnavailable(_))));
}

#[tokio::test]
async fn a_long_conversation_is_given_up_in_time_where_each_piece_is_slow() {
    let (redis, proxy, store) = through_a_proxy().await;
    let id = create(&store).await;
    append_messages(&redis.url(), &id, 20_000);
    assert_eq!(contents(&store, &id).await.len(), 20_000);
    proxy.delay(Duration::from_millis(600));
    let read = timeout(RESPONSE_LIMIT, store.read(&id, &KnownVersions::NONE)).await;
    assert!(matches!(read.expect("in time"), Err(Error::StoreUnavailable(_))));
}
