//! A slot leaves its node while a conversation in it is followed and others are read.

use crate::conversing::{contents, create, open, read, send};
use crate::watching::PROMPT;
use shared::domain::conversation::ConversationId;
use shared::domain::cursor::Cursor;
use shared::domain::version::KnownVersions;
use shared::error::Error;
use shared::store::reader::{ConversationReader, Next};
use shared::store::{PendingConversation, Read};
use testing::cluster::Cluster;
use testing::wait::{PATIENCE, wait_until};
use tokio::task::JoinSet;
use tokio::time::timeout;

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

pub fn slot_of(cluster: &Cluster, id: &ConversationId) -> u16 {
    cluster.slot(&format!("{{{id}}}"))
}

/// The node that serves a slot, and another to which it can move.
pub fn ends(cluster: &Cluster, slot: u16) -> (usize, usize) {
    let from = cluster.primary_of(slot);
    let others = [5461, 10922].map(|further| cluster.primary_of((slot + further) % 16384));
    (from, others.into_iter().find(|to| *to != from).expect("three primaries"))
}
