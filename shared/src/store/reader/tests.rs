use bytes::Bytes;

use super::*;
use crate::config::Config;
use crate::domain::message::NewMessage;
use crate::domain::sender::Sender;
use crate::store::{PendingConversation, PendingMessage};

const A_MINUTE: Duration = Duration::from_secs(60);

async fn store_and_reader() -> (Store, ConversationId, ConversationReader) {
    let store = Store::open(&Config::from_variables(|_| None).unwrap()).await;
    let id = ConversationId::random();
    store.create(&PendingConversation::with_id(id)).await.unwrap();
    let reader = ConversationReader::new(&store, id, Cursor::START);
    (store, id, reader)
}

async fn send(store: &Store, id: &ConversationId) {
    let timestamp = "2025-04-05T14:01:00Z".to_owned();
    let message = NewMessage::new(Sender::Agent, "hello".to_owned(), timestamp).unwrap();
    store.send(id, &PendingMessage::new(id, &message, None)).await.unwrap();
}

/// What happens next within a minute.
async fn next(reader: &mut ConversationReader) -> Result<Next, Error> {
    reader.next(Instant::now() + A_MINUTE, u32::MAX).await
}

fn tail(next: Result<Next, Error>) -> (Cursor, Tail) {
    match next {
        Ok(Next::Happened(cursor, tail)) => (cursor, tail),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_there_is_read_and_what_comes_is_taken_from_the_notification() {
    let (store, id, mut reader) = store_and_reader().await;
    send(&store, &id).await;
    let (start, read) = tail(next(&mut reader).await);
    assert_eq!((start, read.rendered.is_none()), (Cursor::START, true));

    let before = reader.cursor();
    let (taken, ()) = tokio::join!(next(&mut reader), async {
        tokio::time::sleep(A_MINUTE / 2).await;
        send(&store, &id).await;
    });
    let (start, taken) = tail(taken);
    assert_eq!((start, taken.rendered.is_some()), (before, true));
    assert_eq!(reader.cursor(), before.advanced_by(taken.lines.len()));
    assert_eq!(reader.expires(), taken.expires);
}

#[tokio::test(start_paused = true)]
async fn an_event_is_taken_only_where_it_begins_at_the_cursor() {
    let (store, id, mut reader) = store_and_reader().await;
    send(&store, &id).await;
    tail(next(&mut reader).await);
    assert_eq!(next(&mut reader).await.unwrap(), Next::Nothing);
    let cursor = reader.cursor();
    let event =
        |start, line| PublishedEvent::new(start, Bytes::from_static(line), SystemTime::UNIX_EPOCH);

    assert!(reader.take(&event(Cursor::START, b"read before\n")).is_none());
    assert!(!reader.is_behind());
    assert!(reader.take(&event(cursor.advanced_by(10), b"later\n")).is_none());
    assert!(reader.is_behind(), "something was missed");

    assert_eq!(next(&mut reader).await.unwrap(), Next::Nothing);
    assert!(!reader.is_behind());
    assert!(reader.take(&event(cursor, b"")).is_none());
    assert!(reader.is_behind(), "the line was too long to be published");
    let taken = reader.take(&event(cursor, b"next\n")).unwrap();
    assert_eq!(taken.lines, "next\n");
    assert_eq!(reader.cursor(), cursor.advanced_by(5));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_has_passed_still_reads_what_is_there() {
    let (store, id, mut reader) = store_and_reader().await;
    assert_eq!(reader.next(Instant::now(), u32::MAX).await.unwrap(), Next::Nothing);
    send(&store, &id).await;
    let mut reader = ConversationReader::new(&store, id, Cursor::START);
    tail(reader.next(Instant::now(), u32::MAX).await);
    assert!(reader.following.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_conversation_that_expires_ends_its_follower_soon_after() {
    let (_store, _id, mut reader) = store_and_reader().await;
    let start = Instant::now();
    let far = start + 60 * A_MINUTE;
    let ended = reader.next(far, u32::MAX).await;
    assert!(matches!(ended, Err(Error::ConversationNotFound)), "{ended:?}");
    let late = start.elapsed().saturating_sub(30 * A_MINUTE);
    assert!(late <= 2 * EXPIRY_MARGIN, "{late:?}");
}

#[tokio::test(start_paused = true)]
async fn a_process_that_ends_lets_its_followers_go() {
    let (store, _id, mut reader) = store_and_reader().await;
    let (ended, ()) = tokio::join!(next(&mut reader), async {
        tokio::time::sleep(A_MINUTE / 2).await;
        store.end_following();
    });
    assert_eq!(ended.unwrap(), Next::Ended);
    reader.close().await;
}

#[tokio::test(start_paused = true)]
async fn the_stores_times_are_translated_to_this_processs_clock() {
    let clock = StoreClock { time: SystemTime::UNIX_EPOCH + A_MINUTE, instant: Instant::now() };
    assert_eq!(clock.instant_of(clock.time + A_MINUTE), clock.instant + A_MINUTE);
    tokio::time::advance(A_MINUTE).await;
    let clock = StoreClock { instant: Instant::now(), ..clock };
    assert_eq!(clock.instant_of(SystemTime::UNIX_EPOCH), clock.instant - A_MINUTE);
}
