//! What both stores promise.
//!
//! `PARLEY_TEST_REDIS_URL` names a Redis that runs already.

use std::any::Any;
use std::collections::HashSet;
use std::time::Duration;

use crate::conversing::{contents, create, cursors, pending, read, send};
use serde_json::Value;
use shared::domain::conversation::ConversationId;
use shared::domain::cursor::Cursor;
use shared::domain::message_id::MessageId;
use shared::domain::sender::Sender;
use shared::domain::version::KnownVersions;
use shared::error::Error;
use shared::event_log::FIRST_LINE_LENGTH;
use shared::event_log::read::{Event, events, into_json};
use shared::store::reader::ConversationReader;
use shared::store::{PendingConversation, Read, Sent, Store, log_end};
use testing::redis::any_redis;
use testing::wait::PATIENCE;
use tokio::task::JoinSet;
use tokio::time::Instant;
use uuid::Uuid;

/// A test for each promise, over the store that `open` opens.
macro_rules! contract_tests {
    () => {
        contract_tests! {
            sixty_four_senders_at_once_lose_nothing [],
            senders_and_deleters_at_once_leave_what_was_not_deleted [],
            a_sender_who_may_not_deletes_nothing_of_another [],
            an_id_that_points_elsewhere_than_to_its_message_deletes_nothing [],
            a_message_with_a_key_is_added_once_and_replayed_after [],
            a_read_while_messages_come_and_go_is_one_that_there_was [],
            a_reader_at_the_end_is_told_so_and_any_other_gets_the_log [],
            a_log_never_passes_its_limit_by_a_message [("MAX_CONVERSATION_BYTES", "1000")],
            what_is_not_there_is_not_found [],
            who_follows_what_is_deleted_never_follows_what_is_created_in_its_place [],
            a_conversation_ends_when_its_time_is_over [("CONVERSATION_TTL_SECONDS", "1")],
        }
    };
    ($($promise:ident $variables:expr,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $promise() {
                let (store, _running) = open(&$variables).await;
                super::$promise(store).await;
            }
        )*
    };
}
mod in_memory {
    use super::*;

    async fn open(variables: &[(&str, &str)]) -> (Store, ()) {
        (crate::conversing::open(variables).await, ())
    }

    contract_tests!();
}

mod on_redis {
    use super::*;

    async fn open(variables: &[(&str, &str)]) -> (Store, impl Any) {
        let (url, redis) = any_redis();
        let variables = [variables, &[("REDIS_URL", &url)]].concat();
        (crate::conversing::open(&variables).await, redis)
    }

    contract_tests!();
}

async fn sixty_four_senders_at_once_lose_nothing(store: Store) {
    let id = create(&store).await;
    let mut senders = JoinSet::new();
    for sender in 0..64 {
        let store = store.clone();
        senders.spawn(async move {
            for round in 0..16 {
                send(&store, &id, &format!("{sender} {round}")).await;
            }
        });
    }
    senders.join_all().await;

    let contents = contents(&store, &id).await;
    assert_eq!(contents.len(), 64 * 16);
    for sender in 0..64 {
        let own = contents.iter().filter(|content| content.starts_with(&format!("{sender} ")));
        assert!(
            own.eq((0..16).map(|round| format!("{sender} {round}")).collect::<Vec<_>>().iter())
        );
    }
}

async fn senders_and_deleters_at_once_leave_what_was_not_deleted(store: Store) {
    let id = create(&store).await;
    let mut workers = JoinSet::new();
    for worker in 0..32 {
        let store = store.clone();
        workers.spawn(async move {
            send(&store, &id, &format!("{worker} kept")).await;
            let message = send(&store, &id, &format!("{worker} deleted")).await;
            store.delete(&id, &message, None).await.unwrap();
            let again = store.delete(&id, &message, None).await;
            assert!(matches!(again, Err(Error::MessageNotFound)));
        });
    }
    workers.join_all().await;

    let mut contents = contents(&store, &id).await;
    contents.sort_by_key(|content| content.split(' ').next().unwrap().parse::<u32>().unwrap());
    assert_eq!(contents, (0..32).map(|worker| format!("{worker} kept")).collect::<Vec<_>>());
    let log = String::from_utf8(read(&store, &id).await).unwrap();
    assert!(!log.contains(" deleted\""), "a deleted message's content is still there");
}

async fn a_sender_who_may_not_deletes_nothing_of_another(store: Store) {
    let id = create(&store).await;
    let message = send(&store, &id, "from the customer").await;
    let before = read(&store, &id).await;
    let refused = store.delete(&id, &message, Some(Sender::Agent)).await;
    assert!(matches!(refused, Err(Error::ForbiddenDeletion)));
    assert_eq!(read(&store, &id).await, before);
    store.delete(&id, &message, Some(Sender::Customer)).await.unwrap();
    let again = store.delete(&id, &message, Some(Sender::Customer)).await;
    assert!(matches!(again, Err(Error::MessageNotFound)));
}

async fn an_id_that_points_elsewhere_than_to_its_message_deletes_nothing(store: Store) {
    let id = create(&store).await;
    // A content that reads like a line, and like the ends of some.
    let forged = MessageId::next();
    let content = format!("\n{{\"messageId\":\"{forged}\",\"sender\":\"customer\"}},\n{{\"");
    let first = send(&store, &id, &content).await;
    send(&store, &id, "second").await;
    let before = read(&store, &id).await;
    let Cursor(end) = log_end(&before);
    for place in (0..end + 200).chain([u32::MAX]).map(Cursor) {
        for wrong in [first, forged] {
            let wrong = wrong.at(place);
            if wrong != first {
                let deleted = store.delete(&id, &wrong, None).await;
                assert!(matches!(deleted, Err(Error::MessageNotFound)), "{wrong}");
            }
        }
    }
    assert_eq!(read(&store, &id).await, before);
    store.delete(&id, &first, None).await.unwrap();
    assert_eq!(contents(&store, &id).await, ["second"]);
}

/// Long enough for several pieces, while the messages at its start are deleted and others come.
async fn a_read_while_messages_come_and_go_is_one_that_there_was(store: Store) {
    let id = create(&store).await;
    let mut ids = Vec::new();
    for number in 0..60 {
        ids.push(send(&store, &id, &format!("{number} {}", "x".repeat(16_000))).await);
    }
    let writer = {
        let store = store.clone();
        tokio::spawn(async move {
            for message in ids {
                store.delete(&id, &message, None).await.unwrap();
                send(&store, &id, "new").await;
            }
        })
    };
    while !writer.is_finished() {
        let log = read(&store, &id).await;
        let end = log_end(&log);
        let announced = deleted(&log[FIRST_LINE_LENGTH..], Cursor::START);
        let shown = message_ids(log);
        assert!(shown.is_disjoint(&announced), "a message that was deleted is shown");

        let later = message_ids(read(&store, &id).await);
        let since = store.read_after(&id, end, u32::MAX).await.unwrap();
        let announced = deleted(&since.lines, end);
        let hidden: Vec<_> =
            shown.difference(&later).filter(|id| !announced.contains(*id)).collect();
        assert!(hidden.is_empty(), "deleted without a deletion's line: {hidden:?}");
    }
    writer.await.unwrap();
    assert_eq!(contents(&store, &id).await, ["new"; 60]);
}

fn message_ids(log: Vec<u8>) -> HashSet<String> {
    let answer: Value = serde_json::from_slice(&into_json(log)).unwrap();
    let messages = answer["messages"].as_array().unwrap().iter();
    messages.map(|message| message["messageId"].as_str().unwrap().to_owned()).collect()
}

/// The messages that some lines say were deleted.
fn deleted(lines: &[u8], start: Cursor) -> HashSet<String> {
    let ids = events(lines, start).filter_map(|(_, event)| match event {
        Event::Deleted(id) => Some(String::from_utf8(id.to_vec()).unwrap()),
        Event::Message(_) | Event::Other(..) => None,
    });
    ids.collect()
}

async fn a_message_with_a_key_is_added_once_and_replayed_after(store: Store) {
    let id = create(&store).await;
    let first = store.send(&id, &pending(&id, "once", Some("key"))).await.unwrap();
    let Sent::Added(message) = first else { panic!("replayed at first") };
    for _ in 0..2 {
        let again = store.send(&id, &pending(&id, "once", Some("key"))).await.unwrap();
        assert_eq!(again, Sent::Replayed(message));
    }
    let reused = store.send(&id, &pending(&id, "twice", Some("key"))).await;
    assert!(matches!(reused, Err(Error::IdempotencyKeyReused)));
    assert_eq!(contents(&store, &id).await, ["once"]);
}

async fn a_reader_at_the_end_is_told_so_and_any_other_gets_the_log(store: Store) {
    let id = create(&store).await;
    let start = Cursor(0);
    assert_eq!(store.read(&id, &cursors(&[start])).await.unwrap(), Read::Unchanged(start));

    let message = send(&store, &id, "hello").await;
    let sent = log_end(&read(&store, &id).await);
    assert!(sent > start);
    assert!(matches!(store.read(&id, &cursors(&[start])).await.unwrap(), Read::Log(_)));
    assert_eq!(store.read(&id, &cursors(&[start, sent])).await.unwrap(), Read::Unchanged(sent));
    assert!(matches!(store.read(&id, &cursors(&[Cursor(u32::MAX)])).await.unwrap(), Read::Log(_)));

    store.delete(&id, &message, None).await.unwrap();
    assert!(matches!(store.read(&id, &cursors(&[start, sent])).await.unwrap(), Read::Log(_)));
}

async fn a_log_never_passes_its_limit_by_a_message(store: Store) {
    let id = create(&store).await;
    let mut added = 0;
    let refused = loop {
        match store.send(&id, &pending(&id, "x", Some(&format!("key-{added}")))).await {
            Ok(_) => added += 1,
            Err(refused) => break refused,
        }
    };
    assert!(matches!(refused, Error::ConversationFull));
    let log = read(&store, &id).await;
    let Cursor(bytes) = log_end(&log);
    let line = bytes / added;
    assert!(bytes <= 1000 && bytes + line > 1000, "{bytes} bytes, {line} a message");
    let replayed = store.send(&id, &pending(&id, "x", Some("key-0"))).await.unwrap();
    assert!(matches!(replayed, Sent::Replayed(_)), "a full conversation still replays");
}

async fn what_is_not_there_is_not_found(store: Store) {
    let never = ConversationId::random();
    let sent = store.send(&never, &pending(&never, "hello", None)).await;
    assert!(matches!(sent, Err(Error::ConversationNotFound)));
    assert!(matches!(
        store.read(&never, &KnownVersions::NONE).await,
        Err(Error::ConversationNotFound)
    ));
    assert!(matches!(
        store.read(&never, &cursors(&[Cursor(0)])).await,
        Err(Error::ConversationNotFound)
    ));
    let deleted = store.delete(&never, &MessageId::next(), None).await;
    assert!(matches!(deleted, Err(Error::ConversationNotFound)));

    let id = create(&store).await;
    let deleted = store.delete(&id, &MessageId::next(), None).await;
    assert!(matches!(deleted, Err(Error::MessageNotFound)));
}

async fn who_follows_what_is_deleted_never_follows_what_is_created_in_its_place(store: Store) {
    for content in [None, Some("longer than what comes after it")] {
        let key = Uuid::new_v4().to_string().parse().unwrap();
        let [first, second] = [0; 2].map(|_| PendingConversation::new(Some(&key), None));
        let id = first.id();
        store.create(&first).await.unwrap();
        if let Some(content) = content {
            send(&store, id, content).await;
        }
        let mut reader = ConversationReader::new(&store, *id, Cursor::START);
        reader.now(u32::MAX).await.unwrap();
        store.delete_conversation(id).await.unwrap();
        store.create(&second).await.unwrap();
        send(&store, id, "new").await;
        let next = reader.next(Instant::now() + PATIENCE, u32::MAX).await;
        assert!(matches!(next, Err(Error::ConversationNotFound)), "{content:?}: {next:?}");
    }
}

async fn a_conversation_ends_when_its_time_is_over(store: Store) {
    let id = create(&store).await;
    let message = send(&store, &id, "hello").await;
    while store.read(&id, &KnownVersions::NONE).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let sent = store.send(&id, &pending(&id, "late", None)).await;
    assert!(matches!(sent, Err(Error::ConversationNotFound)));
    let deleted = store.delete(&id, &message, None).await;
    assert!(matches!(deleted, Err(Error::ConversationNotFound)));
    assert!(matches!(
        store.read(&id, &KnownVersions::NONE).await,
        Err(Error::ConversationNotFound)
    ));
}
