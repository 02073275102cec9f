//! Expiry in memory, by a clock that the test moves.

use std::time::Duration;

use crate::conversing::{config, cursors, pending, send};
use shared::domain::conversation::ConversationId;
use shared::domain::cursor::Cursor;
use shared::domain::version::KnownVersions;
use shared::error::Error;
use shared::store::memory::MemoryStore;
use shared::store::{PendingConversation, Sent, Store};
use tokio::time::advance;

const HALF_A_LIFE: Duration = Duration::from_secs(15 * 60);
const A_MOMENT: Duration = Duration::from_secs(1);

fn stores() -> (MemoryStore, Store) {
    let memory = MemoryStore::new(&config(&[]));
    (memory.clone(), Store::Memory(memory))
}

#[tokio::test(start_paused = true)]
async fn a_conversation_lives_on_with_each_write() {
    let (_, store) = stores();
    let id = ConversationId::random();
    store.create(&PendingConversation::with_id(id)).await.unwrap();
    for _ in 0..3 {
        advance(HALF_A_LIFE + A_MOMENT).await;
        let message = send(&store, &id, "hello").await;
        advance(HALF_A_LIFE + A_MOMENT).await;
        store.delete(&id, &message, None).await.unwrap();
    }
    advance(2 * HALF_A_LIFE - A_MOMENT).await;
    assert!(store.read(&id, &KnownVersions::NONE).await.is_ok());
    advance(A_MOMENT).await;
    assert!(store.read(&id, &KnownVersions::NONE).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn neither_reading_nor_a_replay_nor_a_refusal_keeps_it_alive() {
    let (_, store) = stores();
    let id = ConversationId::random();
    store.create(&PendingConversation::with_id(id)).await.unwrap();
    store.send(&id, &pending(&id, "hello", Some("key"))).await.unwrap();
    advance(HALF_A_LIFE).await;
    store.read(&id, &KnownVersions::NONE).await.unwrap();
    store.read(&id, &cursors(&[Cursor(0)])).await.unwrap();
    store.send(&id, &pending(&id, "hello", Some("key"))).await.unwrap();
    assert!(store.delete(&id, &shared::domain::message_id::MessageId::next(), None).await.is_err());
    advance(HALF_A_LIFE).await;
    assert!(store.read(&id, &KnownVersions::NONE).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn expired_conversations_are_let_go_without_anyone_asking_for_them() {
    let (memory, store) = stores();
    let kept = ConversationId::random();
    store.create(&PendingConversation::with_id(kept)).await.unwrap();
    for _ in 0..10_000 {
        store.create(&PendingConversation::with_id(ConversationId::random())).await.unwrap();
    }
    assert_eq!(memory.held(), 10_001);
    advance(HALF_A_LIFE).await;
    store.send(&kept, &pending(&kept, "hello", None)).await.unwrap();
    // The task that clears up runs while this one sleeps.
    tokio::time::sleep(HALF_A_LIFE + 2 * A_MOMENT).await;
    assert_eq!(memory.held(), 1);
    assert!(store.read(&kept, &KnownVersions::NONE).await.is_ok());
    tokio::time::sleep(HALF_A_LIFE).await;
    assert_eq!(memory.held(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_full_memory_refuses_what_is_new_until_something_expires_and_loses_nothing() {
    const MAX: &str = "1000000";
    let store = Store::Memory(MemoryStore::new(&config(&[("MAX_MEMORY_BYTES", MAX)])));
    let long = ConversationId::random();
    store.create(&PendingConversation::with_id(long)).await.unwrap();
    let mut ids = Vec::new();
    let content = "x".repeat(10_000);
    let refused = loop {
        match store.send(&long, &pending(&long, &content, Some(&ids.len().to_string()))).await {
            Ok(Sent::Added(id)) => ids.push(id),
            other => break other,
        }
    };
    assert!(matches!(refused, Err(Error::StoreUnavailable(_))), "{refused:?}");
    assert!((20..=100).contains(&ids.len()), "{} messages of 10 KB", ids.len());
    let mut created = 0;
    let refused = loop {
        match store.create(&PendingConversation::with_id(ConversationId::random())).await {
            Ok(_) => created += 1,
            Err(refused) => break refused,
        }
    };
    assert!(matches!(refused, Error::StoreUnavailable(_)) && created < 1_000, "{refused:?}");

    assert_eq!(crate::conversing::contents(&store, &long).await.len(), ids.len());
    store.delete(&long, &ids[0], None).await.unwrap();
    let again = store.send(&long, &pending(&long, &content, Some("1"))).await.unwrap();
    assert_eq!(again, Sent::Replayed(ids[1]));
    // What has expired gives its memory back.
    tokio::time::sleep(2 * HALF_A_LIFE + 2 * A_MOMENT).await;
    let id = ConversationId::random();
    store.create(&PendingConversation::with_id(id)).await.unwrap();
    send(&store, &id, &content).await;
}
