//! The queue: its order, its bound, what it costs, and what becomes of it when Redis fails.

use shared::domain::conversation::ConversationId;
use shared::domain::creation::CreationKey;
use shared::domain::message::NewMessage;
use shared::domain::queue::{MAX_WAITING, QueueCursor, Waiting};
use shared::domain::sender::Sender;
use shared::domain::taker::Taker;
use shared::error::Error;
use shared::store::queue::{Known, Next, Queue};
use shared::store::{Created, PendingConversation, PendingMessage, Sent, Store};
use testing::cluster::Cluster;
use testing::proxy::{Fault, Proxy};
use testing::redis::{RedisServer, calls};
use testing::wait::{PATIENCE, until};
use tokio::task::JoinSet;
use tokio::time::Instant;
use uuid::Uuid;

use crate::conversing::{create, open, pending};
use crate::redis_faults::late;

const KEY: &str = "chat:2:{00000000-0000-0000-0000-000000000000}:queue";

async fn with_queue(url: &str) -> (Store, Queue) {
    let store = open(&[("REDIS_URL", url), ("QUEUE", "true")]).await;
    (store.clone(), Queue::new(store))
}

async fn in_memory() -> (Store, Queue) {
    let store = open(&[("QUEUE", "true")]).await;
    (store.clone(), Queue::new(store))
}

fn ids(waiting: &Waiting) -> Vec<ConversationId> {
    waiting.conversations.iter().map(|conversation| conversation.id).collect()
}

async fn listed(queue: &Queue) -> Vec<ConversationId> {
    ids(&queue.list(1000).await.unwrap())
}

async fn join(store: &Store, id: &ConversationId) {
    store.join(id, Taker::of(id, None, Some("Ada")), Some("Ada")).await.unwrap();
}

fn keyed(key: &CreationKey) -> PendingConversation {
    PendingConversation::new(Some(key), None)
}

fn key() -> CreationKey {
    Uuid::new_v4().to_string().parse().unwrap()
}

#[tokio::test]
async fn conversations_stand_in_the_order_of_their_creation_within_a_millisecond_too() {
    let redis = RedisServer::start();
    for (store, queue) in [with_queue(&redis.url()).await, in_memory().await] {
        let mut created = Vec::new();
        // So many, one after the other, that some share a millisecond.
        for _ in 0..200 {
            created.push(create(&store).await);
        }
        let waiting = queue.list(1000).await.unwrap();
        assert_eq!(ids(&waiting), created);
        let times: Vec<_> = waiting.conversations.iter().map(|it| it.created).collect();
        assert!(times.is_sorted_by(|a, b| a < b), "two of one time have no order");
        assert_eq!(ids(&queue.list(3).await.unwrap()), created[..3]);
    }
}

#[tokio::test]
async fn two_creations_at_the_same_moment_of_redis_have_an_order() {
    let redis = RedisServer::start();
    let (store, queue) = with_queue(&redis.url()).await;
    let first = create(&store).await;
    // The clock stands far behind the last version: as it would after it was set.
    redis.command(&["ZADD", KEY, "4000000000000000", "version"]);
    let second = create(&store).await;
    let third = create(&store).await;
    assert_eq!(listed(&queue).await, [first, second, third]);
    assert_eq!(queue.list(1).await.unwrap().cursor, QueueCursor(4_000_000_000_000_002));
}

#[tokio::test]
async fn the_newest_ten_thousand_wait() {
    let redis = RedisServer::start();
    for (store, queue) in [with_queue(&redis.url()).await, in_memory().await] {
        let oldest = create(&store).await;
        let second = create(&store).await;
        let mut creations = JoinSet::new();
        for _ in 0..32 {
            let store = store.clone();
            creations.spawn(async move {
                for _ in 0..(MAX_WAITING - 2).div_ceil(32) {
                    create(&store).await;
                }
            });
        }
        creations.join_all().await;
        // A few more than fit, because the number of writers does not divide it.
        let waiting = queue.list(1000).await.unwrap();
        assert_eq!(waiting.conversations.len(), 1000);
        let last = create(&store).await;
        assert!(!listed(&queue).await.contains(&oldest));
        assert!(!listed(&queue).await.contains(&second));
        assert!(store.send(&last, &pending(&last, "hello", None)).await.is_ok());
    }
    let count = redis.command(&["ZCARD", KEY]);
    assert_eq!(count.trim(), format!(":{}", MAX_WAITING + 1), "with the version");
}

#[tokio::test]
async fn a_queue_that_is_off_costs_redis_nothing_and_one_that_is_on_costs_a_send_nothing() {
    let redis = RedisServer::start();
    let off = open(&[("REDIS_URL", &redis.url())]).await;
    let (on, _) = with_queue(&redis.url()).await;
    for store in [&off, &on] {
        let id = create(store).await;
        let agent = |content: &str| {
            let time = "2025-04-05T14:01:00Z".to_owned();
            let message = NewMessage::new(Sender::Agent, content.to_owned(), time).unwrap();
            PendingMessage::new(&id, &message, None).taken_by(Taker::Unknown)
        };
        store.send(&id, &pending(&id, "from the customer", None)).await.unwrap();
        store.send(&id, &agent("first")).await.unwrap();
        redis.command(&["CONFIG", "RESETSTAT"]);
        store.send(&id, &pending(&id, "from the customer", None)).await.unwrap();
        assert!(matches!(store.send(&id, &agent("second")).await.unwrap(), Sent::Added(_)));
        assert_eq!(calls(&redis, "evalsha"), 2);
        assert_eq!((calls(&redis, "zadd"), calls(&redis, "zrem")), (0, 0));
    }
    redis.command(&["CONFIG", "RESETSTAT"]);
    create(&off).await;
    assert_eq!(calls(&redis, "evalsha"), 0);
}

#[tokio::test]
async fn what_no_longer_waits_is_dropped_by_whoever_lists() {
    let redis = RedisServer::start();
    let (store, queue) = with_queue(&redis.url()).await;
    let mut created = Vec::new();
    for _ in 0..300 {
        created.push(create(&store).await);
    }
    // As if they had expired, all but a few at the end.
    for id in &created[..290] {
        redis.command(&["DEL", &format!("chat:2:{{{id}}}:log")]);
    }
    // As if it had been taken by a process that was killed before it told the queue.
    redis.command(&["SETRANGE", &format!("chat:2:{{{}}}:log", created[295]), "1", "a"]);
    let before: Vec<_> = [&created[290..295], &created[296..]].concat();
    assert_eq!(ids(&queue.list(4).await.unwrap()), before[..4]);
    assert_eq!(listed(&queue).await, before);
    assert_eq!(redis.command(&["ZCARD", KEY]).trim(), format!(":{}", before.len() + 1));
}

#[tokio::test]
async fn the_queue_of_a_full_redis_is_listed_without_what_was_deleted() {
    let redis = RedisServer::start();
    let (store, queue) = with_queue(&redis.url()).await;
    let deleted = create(&store).await;
    let kept = create(&store).await;
    redis.expect_ok(&["CONFIG", "SET", "maxmemory", "1"]);
    store.delete_conversation(&deleted).await.unwrap();
    assert_eq!(listed(&queue).await, [kept]);
}

#[tokio::test]
async fn a_conversation_that_is_created_anew_under_its_key_waits_anew() {
    let redis = RedisServer::start();
    let (store, queue) = with_queue(&redis.url()).await;
    let key = key();
    let id = *keyed(&key).id();
    store.create(&keyed(&key)).await.unwrap();
    let other = create(&store).await;
    store.delete_conversation(&id).await.unwrap();
    // What is left of the first in the queue does not count for the second.
    assert_eq!(store.create(&keyed(&key)).await.unwrap(), Created::New);
    assert_eq!(listed(&queue).await, [other, id]);
    assert_eq!(store.create(&keyed(&key)).await.unwrap(), Created::Replayed);
    assert_eq!(listed(&queue).await, [other, id], "a creation that comes again keeps its place");
    join(&store, &id).await;
    assert_eq!(store.create(&keyed(&key)).await.unwrap(), Created::Replayed);
    assert_eq!(listed(&queue).await, [other], "what was taken does not come back");
}

#[tokio::test]
async fn deleted_conversations_take_no_place_of_those_that_wait() {
    let redis = RedisServer::start();
    for (store, queue) in [with_queue(&redis.url()).await, in_memory().await] {
        let oldest = create(&store).await;
        let mut churn = JoinSet::new();
        for _ in 0..32 {
            let store = store.clone();
            churn.spawn(async move {
                for _ in 0..MAX_WAITING.div_ceil(32) + 1 {
                    let id = create(&store).await;
                    store.delete_conversation(&id).await.unwrap();
                }
            });
        }
        churn.join_all().await;
        assert_eq!(listed(&queue).await, [oldest]);
    }
    assert_eq!(redis.command(&["ZCARD", KEY]).trim(), ":2", "with the version");
}

#[tokio::test]
async fn a_creation_that_did_not_reach_the_queue_is_made_up_for_by_its_repetition() {
    let redis = RedisServer::start();
    redis.expect_ok(&["ACL SETUSER parley on >secret ~chat:* &chat:* +@all -zadd"]);
    let url = format!("redis://parley:secret@127.0.0.1:{}", redis.port());
    let (store, queue) = with_queue(&url).await;
    let key = key();
    let refused = store.create(&keyed(&key)).await;
    assert!(matches!(refused, Err(Error::StoreUnavailable(_))), "{refused:?}");
    assert_eq!(listed(&queue).await, []);
    redis.expect_ok(&["ACL SETUSER parley +zadd"]);
    store.create(&keyed(&key)).await.unwrap();
    assert_eq!(listed(&queue).await, [*keyed(&key).id()]);
}

#[tokio::test]
async fn what_arrives_twice_or_late_changes_the_queue_once() {
    let redis = RedisServer::start();
    let proxy = Proxy::to(redis.port()).await;
    let (store, queue) = with_queue(&proxy.url()).await;
    let kept = create(&store).await;
    for fault in [Fault::LoseAnswer, Fault::HoldRequests] {
        let is_late = matches!(fault, Fault::HoldRequests);
        proxy.fail(fault);
        let id = create(&store).await;
        if is_late {
            late(&redis, &proxy).await;
        }
        assert_eq!(listed(&queue).await, [kept, id]);
        join(&store, &id).await;
        assert_eq!(listed(&queue).await, [kept]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_who_follow_share_one_read_and_are_told_of_each_change() {
    let redis = RedisServer::start();
    let (store, queue) = with_queue(&redis.url()).await;
    let known = queue.list(100).await.unwrap().cursor;
    let mut followers: Vec<_> = (0..500).map(|_| queue.follow(100)).collect();
    // The first read, so that they are subscribed.
    let deadline = Instant::now() + PATIENCE;
    let first = create(&store).await;
    for follower in &mut followers {
        let Next::Changed(waiting) = follower.next(Known::Read(known), deadline).await.unwrap()
        else {
            panic!("no change");
        };
        assert_eq!(ids(&waiting), [first]);
    }
    let known = queue.list(100).await.unwrap().cursor;
    redis.command(&["CONFIG", "RESETSTAT"]);
    join(&store, &first).await;
    for follower in &mut followers {
        let Next::Changed(waiting) = follower.next(Known::Read(known), deadline).await.unwrap()
        else {
            panic!("no change");
        };
        assert_eq!(ids(&waiting), []);
    }
    // One of its own, one for what may have been read before the change, and one of the check for
    // what has expired.
    assert!(calls(&redis, "zrange") <= 3, "{} reads", calls(&redis, "zrange"));
    for follower in followers {
        follower.close().await;
    }
    until("nobody is subscribed", async || redis.command(&["PUBSUB", "CHANNELS"]).trim() == "*0")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn followers_go_on_when_redis_is_back() {
    let mut redis = RedisServer::start();
    let (store, queue) = with_queue(&redis.url()).await;
    let known = queue.list(100).await.unwrap().cursor;
    let mut follower = queue.follow(100);
    redis.kill();
    redis.restart();
    let id = loop {
        let conversation = PendingConversation::new(None, None);
        if store.create(&conversation).await.is_ok() {
            break *conversation.id();
        }
    };
    let deadline = Instant::now() + PATIENCE;
    loop {
        match follower.next(Known::Read(known), deadline).await {
            Ok(Next::Changed(waiting)) if ids(&waiting).contains(&id) => return,
            Err(Error::StoreUnavailable(_)) => {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn followers_are_told_that_the_queue_was_lost() {
    let redis = RedisServer::start();
    let (store, queue) = with_queue(&redis.url()).await;
    create(&store).await;
    let known = queue.list(100).await.unwrap().cursor;
    let mut follower = queue.follow(100);
    let deadline = Instant::now() + PATIENCE;
    let next = follower.next(Known::Said(None), deadline).await;
    assert!(matches!(next, Ok(Next::Changed(waiting)) if waiting.cursor == known));
    redis.command(&["FLUSHALL"]);
    let next = follower.next(Known::Read(known), deadline).await;
    assert!(matches!(next, Ok(Next::Changed(waiting)) if *waiting == Waiting::NONE));
    // Nothing is told twice.
    let next = follower.next(Known::Read(QueueCursor(0)), Instant::now()).await;
    assert!(matches!(next, Ok(Next::Unchanged)));
}

#[tokio::test(flavor = "multi_thread")]
async fn followers_who_have_not_read_are_told_of_any_other_version_than_they_know() {
    let (_, queue) = in_memory().await;
    let mut follower = queue.follow(100);
    let deadline = Instant::now() + PATIENCE;
    for unknown in [None, Some(QueueCursor(1))] {
        let next = follower.next(Known::Said(unknown), deadline).await;
        assert!(matches!(next, Ok(Next::Changed(waiting)) if *waiting == Waiting::NONE));
    }
    let next = follower.next(Known::Said(Some(QueueCursor(0))), Instant::now()).await;
    assert!(matches!(next, Ok(Next::Unchanged)));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_wants_more_than_the_others_sees_all_of_it() {
    let (store, queue) = in_memory().await;
    let created = [create(&store).await, create(&store).await];
    let deadline = Instant::now() + PATIENCE;
    let mut few = queue.follow(1);
    let next = few.next(Known::Said(None), deadline).await;
    assert!(matches!(next, Ok(Next::Changed(waiting)) if ids(&waiting) == created[..1]));
    let mut more = queue.follow(2);
    let next = more.next(Known::Said(None), deadline).await;
    assert!(matches!(next, Ok(Next::Changed(waiting)) if ids(&waiting) == created));
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_cluster_the_queue_lists_conversations_of_all_nodes() {
    let cluster = Cluster::start();
    let variables = [("REDIS_URL", &*cluster.url()), ("REDIS_CLUSTER", "true"), ("QUEUE", "true")];
    let store = open(&variables).await;
    let queue = Queue::new(store.clone());
    let mut created = Vec::new();
    for _ in 0..40 {
        created.push(create(&store).await);
    }
    assert_eq!(listed(&queue).await, created);
    join(&store, &created[0]).await;
    store.delete_conversation(&created[1]).await.unwrap();
    store.close(&created[2], Sender::Agent, None).await.unwrap();
    assert_eq!(listed(&queue).await, created[3..]);
}
