//! The connection for subscriptions, failing beside a healthy one for commands.

use std::time::Duration;

use crate::conversing::{RESPONSE_LIMIT, create, open, send, through_a_proxy};
use crate::watching::PROMPT;
use shared::domain::conversation::ConversationId;
use shared::domain::cursor::Cursor;
use shared::domain::version::KnownVersions;
use shared::error::Error;
use shared::event_log::read::{Event, events};
use shared::store::Store;
use shared::store::reader::{ConversationReader, Next};
use testing::cluster::Cluster;
use testing::proxy::{Fault, Proxy};
use testing::redis::free_port;
use testing::wait::{PATIENCE, until, wait_until};
use tokio::time::{Instant, timeout};

/// The lines of what happens next, without an error.
async fn next(following: &mut ConversationReader) -> String {
    let next = timeout(PROMPT, following.next(Instant::now() + PATIENCE, u32::MAX)).await;
    let Next::Happened(_, tail) = next.expect("in time").expect("no error") else {
        panic!("nothing happened");
    };
    String::from_utf8(tail.lines.to_vec()).unwrap()
}

/// Waits until a follower is subscribed, which takes a second connection.
async fn follow(store: &Store, id: ConversationId, proxy: &Proxy) -> ConversationReader {
    let mut following = ConversationReader::new(store, id, Cursor::START);
    let waiting = following.next(Instant::now() + PATIENCE, u32::MAX);
    let first = async {
        until("a second connection", async || proxy.connections() >= 2).await;
        send(store, &id, "first").await;
    };
    let (next, ()) = tokio::join!(timeout(PROMPT, waiting), first);
    assert!(matches!(next.unwrap().unwrap(), Next::Happened(..)));
    following
}

#[tokio::test]
async fn a_follower_whose_subscription_alone_is_cut_misses_nothing_and_says_nothing() {
    let (redis, proxy, store) = through_a_proxy().await;
    let id = create(&store).await;
    let mut following = follow(&store, id, &proxy).await;
    for content in ["second", "third"] {
        assert_eq!(redis.command(&["CLIENT", "KILL", "TYPE", "pubsub"]), ":1\r\n");
        let (seen, _) = tokio::join!(next(&mut following), send(&store, &id, content));
        assert!(seen.contains(content), "{seen}");
        // And without a cut, on the new subscription.
        let (seen, _) = tokio::join!(next(&mut following), send(&store, &id, "between"));
        assert!(seen.contains("between"), "{seen}");
    }
}

#[tokio::test]
async fn a_follower_whose_subscription_alone_is_silent_misses_nothing_and_says_nothing() {
    let (_redis, proxy, store) = through_a_proxy().await;
    let id = create(&store).await;
    let mut following = follow(&store, id, &proxy).await;
    proxy.silence_newest();
    let (seen, _) = tokio::join!(next(&mut following), send(&store, &id, "second"));
    assert!(seen.contains("second"), "{seen}");
}

#[tokio::test]
async fn a_process_that_was_frozen_until_its_connections_died_serves_its_next_reader_and_follower()
{
    for fault in ["cut", "silent"] {
        let (redis, proxy, store) = through_a_proxy().await;
        let id = create(&store).await;
        let _following = follow(&store, id, &proxy).await;
        match fault {
            "cut" => proxy.cut(),
            _ => proxy.fail(Fault::HoldRequests),
        }
        let read = timeout(RESPONSE_LIMIT, store.read(&id, &KnownVersions::NONE)).await;
        assert!(read.unwrap().is_ok(), "{fault}: the next reader");

        let other = create(&store).await;
        let mut following = ConversationReader::new(&store, other, Cursor::START);
        let waiting = following.next(Instant::now() + PATIENCE, u32::MAX);
        let subscribed = async {
            let channel = format!("chat:2:{{{other}}}:events");
            let channels = async || redis.command(&["PUBSUB", "CHANNELS"]);
            until("it is subscribed", async || channels().await.contains(&channel)).await;
            send(&store, &other, "hello").await;
        };
        let both = async { tokio::join!(waiting, subscribed) };
        let (next, ()) = timeout(RESPONSE_LIMIT, both).await.expect("in time");
        assert!(matches!(next, Ok(Next::Happened(..))), "{fault}: the next follower: {next:?}");
    }
}

#[tokio::test]
async fn a_redis_that_is_away_when_the_first_follower_comes_is_told_in_time() {
    let nobody = format!("redis://127.0.0.1:{}", free_port());
    let (_redis, proxy, there) = through_a_proxy().await;
    let id = create(&there).await;
    let reachable = open(&[("REDIS_URL", &proxy.url())]).await;
    assert!(reachable.read(&id, &KnownVersions::NONE).await.is_ok());
    // Commands are answered, and new connections are not.
    proxy.lead_to(free_port());
    for store in [open(&[("REDIS_URL", &nobody)]).await, reachable] {
        let mut following = ConversationReader::new(&store, id, Cursor::START);
        let waiting = following.next(Instant::now() + PATIENCE, u32::MAX);
        let refused = timeout(RESPONSE_LIMIT, waiting).await.expect("in time");
        assert!(matches!(refused, Err(Error::StoreUnavailable(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn a_follower_who_is_too_slow_for_what_happens_reads_on_and_misses_nothing() {
    let (_redis, proxy, store) = through_a_proxy().await;
    let memory = open(&[]).await;
    for store in [store, memory] {
        let id = create(&store).await;
        let mut reader = ConversationReader::new(&store, id, Cursor::START);
        // It is subscribed, and then does not listen.
        let waiting = reader.next(Instant::now() + Duration::from_millis(300), u32::MAX);
        assert!(matches!(waiting.await, Ok(Next::Nothing)));
        for number in 0..50 {
            // Also such as are too long to be published.
            let content = "x".repeat(if number % 10 == 0 { 8_000 } else { 10 });
            send(&store, &id, &format!("{number} {content}")).await;
        }
        let mut seen = Vec::new();
        while seen.len() < 50 {
            let start = reader.cursor();
            let next = timeout(PROMPT, reader.next(Instant::now() + PATIENCE, u32::MAX)).await;
            let Ok(Ok(Next::Happened(from, tail))) = next else { panic!("{next:?}") };
            assert_eq!(from, start);
            for (_, event) in events(&tail.lines, from) {
                let Event::Message(message) = event else { panic!("nothing was deleted") };
                let message: serde_json::Value = serde_json::from_slice(message).unwrap();
                let number = message["content"].as_str().unwrap().split(' ').next().unwrap();
                seen.push(number.parse::<usize>().unwrap());
            }
        }
        assert_eq!(seen, (0..50).collect::<Vec<_>>());
    }
    assert!(proxy.connections() >= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_hangs_holds_up_no_follower_of_the_others() {
    let cluster = Cluster::start();
    let store = open(&[("REDIS_URL", &cluster.url()), ("REDIS_CLUSTER", "true")]).await;
    let primary = |id: &ConversationId| cluster.primary_of(cluster.slot(&format!("{{{id}}}")));
    let hung = create(&store).await;
    let node = primary(&hung);
    let mut others = Vec::new();
    while others.len() < 4 {
        let id = create(&store).await;
        if primary(&id) != node {
            others.push(id);
        }
    }
    // Two who follow already, and more who come while the node hangs.
    let follower = |id: ConversationId| {
        let mut reader = ConversationReader::new(&store, id, Cursor::START);
        tokio::spawn(async move { reader.next(Instant::now() + PATIENCE, u32::MAX).await })
    };
    let mut followers = vec![follower(others[0])];
    let of_the_hung = follower(hung);
    wait_until("both are subscribed", || {
        let follows = |id: &ConversationId| cluster.is_followed(&id.to_string(), primary(id));
        follows(&hung) && follows(&others[0])
    });
    cluster.stop(node);
    let late = follower(hung);
    followers.extend(others[1..].iter().copied().map(follower));
    for (id, follower) in others.iter().zip(followers) {
        send(&store, id, "hello").await;
        let next = timeout(PROMPT, follower).await.expect("in time").unwrap();
        assert!(matches!(next, Ok(Next::Happened(..))), "{next:?}");
    }
    of_the_hung.abort();
    late.abort();
}
