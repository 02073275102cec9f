//! Slots leave their nodes and primaries change, again and again, while conversations are written,
//! read and followed.
//!
//! The short form runs with the other tests. The long one:
//!
//! ```sh
//! PARLEY_LOAD_SECONDS=60 cargo test -p shared --test store moving_slots
//! ```

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::conversing::contents;
use crate::moving_slots::{ends, slot_of};
use crate::watching::{PROMPT, Watching};
use crate::writing::Writing;
use shared::domain::conversation::ConversationId;
use shared::domain::cursor::Cursor;
use shared::domain::sender::Sender;
use shared::domain::taker::Taker;
use shared::error::Error;
use shared::event_log::read::{Event, events};
use shared::store::Store;
use shared::store::reader::{ConversationReader, Next};
use testing::cluster::Cluster;
use tokio::time::timeout;

const WRITERS: usize = 16;
/// Seconds of the short form.
const SHORT: u64 = 6;

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
