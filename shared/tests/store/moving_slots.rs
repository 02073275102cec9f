//! Slots leave their nodes while conversations in them are written, read and followed.
//!
//! The short form runs with the other tests. The long one:
//!
//! ```sh
//! PARLEY_LOAD_SECONDS=60 cargo test -p shared --test store moving_slots
//! ```

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::conversing::{contents, create, open, read, send};
use crate::watching::{PROMPT, Watching};
use crate::writing::Writing;
use shared::domain::conversation::ConversationId;
use shared::domain::cursor::Cursor;
use shared::domain::sender::Sender;
use shared::domain::taker::Taker;
use shared::domain::version::KnownVersions;
use shared::error::Error;
use shared::event_log::read::{Event, events};
use shared::store::reader::{ConversationReader, Next};
use shared::store::{PendingConversation, Read, Store};
use testing::cluster::Cluster;
use testing::wait::{PATIENCE, wait_until};
use tokio::task::JoinSet;
use tokio::time::timeout;

const WRITERS: usize = 16;
/// Seconds of the short form.
const SHORT: u64 = 6;

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_leaves_its_node_gives_no_reader_anothers_conversation() {
    let cluster = Cluster::start();
    let store = open(&[("REDIS_URL", &cluster.url()), ("REDIS_CLUSTER", "true")]).await;
    let moved = ConversationId::random();
    let slot = slot_of(&cluster, &moved);
    let (from, to) = ends(&cluster, slot);
    let stays = |id: &ConversationId| {
        let own = slot_of(&cluster, id);
        own != slot && cluster.primary_of(own) == from
    };
    let staying = std::iter::repeat_with(ConversationId::random).filter(stays).take(4);
    let mut staying: Vec<_> = staying.map(|id| (id, Vec::new())).collect();
    for (id, log) in &mut staying {
        store.create(&PendingConversation::with_id(*id)).await.unwrap();
        send(&store, id, &format!("in {id}")).await;
        *log = read(&store, id).await;
    }
    store.create(&PendingConversation::with_id(moved)).await.unwrap();
    let mut following = ConversationReader::new(&store, moved, Cursor::START);
    let far = tokio::time::Instant::now() + 2 * PATIENCE;
    let following = tokio::spawn(async move { following.next(far, u32::MAX).await });
    wait_until("the follower is subscribed", || cluster.is_followed(&moved.to_string(), from));

    cluster.begin_move(slot, from, to);
    let _asleep = cluster.give_away_asleep(slot, from, to);
    let mut reads = JoinSet::new();
    for (id, log) in staying.iter().cycle().take(8).cloned() {
        let store = store.clone();
        reads.spawn(async move {
            match store.read(&id, &KnownVersions::NONE).await {
                Ok(Read::Log(read)) if read == log => None,
                Ok(Read::Log(read)) => Some(String::from_utf8_lossy(&read).into_owned()),
                Err(Error::StoreUnavailable(_)) => None,
                other => Some(format!("{other:?}")),
            }
        });
    }
    let others: Vec<_> = reads.join_all().await.into_iter().flatten().collect();
    assert!(others.is_empty(), "{} of 8 readers got what is not theirs: {others:#?}", others.len());

    cluster.finish_move(slot, to);
    crate::writing::send(&store, &moved, "after-the-move").await;
    let heard = timeout(PROMPT, following).await.expect("promptly").unwrap().unwrap();
    assert!(format!("{heard:?}").starts_with("Happened"), "{heard:?}");
    assert_eq!(contents(&store, &moved).await, ["after-the-move"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_a_followed_slot_has_left_loses_the_connection_for_it() {
    let cluster = Cluster::start();
    let store = open(&[("REDIS_URL", &cluster.url()), ("REDIS_CLUSTER", "true")]).await;
    let id = create(&store).await;
    let slot = slot_of(&cluster, &id);
    let (from, to) = ends(&cluster, slot);
    let mut following = ConversationReader::new(&store, id, Cursor::START);
    let far = tokio::time::Instant::now() + 2 * PATIENCE;
    let following = tokio::spawn(async move { following.next(far, u32::MAX).await });
    let is_followed = |node| cluster.is_followed(&id.to_string(), node);
    wait_until("the follower is subscribed", || is_followed(from));
    assert!(cluster.has_subscriber(from));

    cluster.begin_move(slot, from, to);
    cluster.finish_move(slot, to);
    wait_until("the follower is subscribed where the slot is now", || is_followed(to));
    wait_until("the old node's connection has ended", || !cluster.has_subscriber(from));

    send(&store, &id, "after-the-move").await;
    let heard = timeout(PROMPT, following).await.expect("promptly").unwrap();
    assert!(matches!(heard, Ok(Next::Happened(..))), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn slots_move_key_by_key_and_primaries_hand_over_under_load_and_nobody_notices() {
    let cluster = Cluster::start();
    under_load(&cluster, async |writing: &Writing, slot, from, to| {
        cluster.begin_move(slot, from, to);
        writing.progress(WRITERS).await;
        let ids = writing.ids().iter().filter(|id| slot_of(&cluster, id) == slot);
        for id in ids {
            // Followers are notified, though they are subscribed to one node and the other is written to.
            let mut reader = ConversationReader::new(writing.store(), *id, Cursor::START);
            let notified = timeout(PROMPT, next_but_one(&mut reader)).await;
            notified.expect("a notification while the slot moves");
        }
        cluster.finish_move(slot, to);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slots_move_at_once_and_primaries_hand_over_under_load_and_nobody_notices() {
    let cluster = Cluster::start_valkey();
    under_load(&cluster, async |_: &Writing, slot, from, to| cluster.move_at_once(slot, from, to))
        .await;
}

/// Moves slots and changes primaries under writers, readers and followers, none of whom may see
/// anything but what was sent to the conversation, all of it, once, in order and promptly.
async fn under_load(cluster: &Cluster, move_slot: impl AsyncFn(&Writing, u16, usize, usize)) {
    let seconds = std::env::var("PARLEY_LOAD_SECONDS").ok();
    let seconds = seconds.map_or(SHORT, |text| text.parse().expect("a number of seconds"));
    let end = Instant::now() + Duration::from_secs(seconds);
    let writing = Writing::start_writers(WRITERS, &cluster.url(), true, WRITERS).await;
    let (store, ids) = (writing.store().clone(), writing.ids().to_vec());
    let mut watching = Watching::start(&store, &ids);
    // A conversation's first send under a key waits while its slot is moved key by key.
    for id in &ids {
        crate::writing::send(&store, id, "the-first").await;
    }
    let mut rounds = 0;
    let mut seen = HashMap::new();
    // Once at least, however slow the machine is.
    while rounds == 0 || Instant::now() < end {
        let slot = slot_of(cluster, &ids[rounds % ids.len()]);
        let (from, to) = ends(cluster, slot);
        move_slot(&writing, slot, from, to).await;
        cluster.hand_over(slot);
        let mark = format!("mark-{rounds}");
        for id in &ids {
            crate::writing::send(&store, id, &mark).await;
        }
        watching.all_see(&mark).await;
        for id in &ids {
            seen.insert(*id, mark_seen(&store, id).await);
        }
        rounds += 1;
    }

    let (acknowledged, there) = writing.stop().await;
    let lost = acknowledged.iter().filter(|(content, _)| !there.contains(content));
    assert_eq!(lost.collect::<Vec<_>>(), Vec::<&(String, bool)>::new(), "lost");
    for id in &ids {
        crate::writing::send(&store, id, "the-end").await;
    }
    watching.all_see("the-end").await;
    for (id, seen) in watching.stop().await {
        assert_eq!(seen, contents(&store, &id).await, "what a follower saw, and what is there");
    }
    for (id, seen) in seen {
        let tail = store.read_after(&id, Cursor::START, u32::MAX).await.unwrap();
        assert_eq!(tail.seen.agent, seen, "the last mark that was acknowledged");
        let events = events(&tail.lines, Cursor::START);
        let joined = events.filter(|(_, event)| matches!(event, Event::Other("joined", _)));
        assert_eq!(joined.count(), 1, "the agent has joined in every round");
    }
    println!("{rounds} moves and failovers, {} messages", acknowledged.len());
}

/// Has an agent join and mark the end as seen, however often the store is unavailable.
async fn mark_seen(store: &Store, id: &ConversationId) -> Cursor {
    let taker = Taker::of(id, None, Some("Ada"));
    loop {
        let end = async {
            store.join(id, taker, Some("Ada")).await?;
            let tail = store.read_after(id, Cursor::START, u32::MAX).await?;
            let end = Cursor::START.advanced_by(tail.lines.len());
            store.mark_seen(id, Sender::Agent, end).await.map(|()| end)
        };
        match end.await {
            Ok(end) => return end,
            Err(Error::StoreUnavailable(_)) => tokio::time::sleep(Duration::from_millis(20)).await,
            Err(error) => panic!("{error:?}"),
        }
    }
}

/// Waits for what happens after what there is already, however often the store is unavailable.
async fn next_but_one(reader: &mut ConversationReader) {
    let mut happened = 0;
    while happened < 2 {
        match reader.next(tokio::time::Instant::now() + 2 * PROMPT, u32::MAX).await {
            Ok(Next::Happened(..)) => happened += 1,
            Err(Error::StoreUnavailable(_)) => tokio::time::sleep(Duration::from_millis(20)).await,
            other => panic!("{other:?}"),
        }
    }
}

fn slot_of(cluster: &Cluster, id: &ConversationId) -> u16 {
    cluster.slot(&format!("{{{id}}}"))
}

/// The node that serves a slot, and another to which it can move.
fn ends(cluster: &Cluster, slot: u16) -> (usize, usize) {
    let from = cluster.primary_of(slot);
    let others = [5461, 10922].map(|further| cluster.primary_of((slot + further) % 16384));
    (from, others.into_iter().find(|to| *to != from).expect("three primaries"))
}
