//! Events, creations under a key and deletions of conversations, whose answers are lost and whose
//! first attempts arrive after their second.

use shared::domain::conversation::ConversationId;
use shared::domain::creation::CreationKey;
use shared::domain::cursor::Cursor;
use shared::domain::sender::Sender;
use shared::domain::taker::Taker;
use shared::error::Error;
use shared::event_log::read::{Event, events};
use shared::store::{Created, PendingConversation, Store};
use testing::proxy::Fault;
use uuid::Uuid;

use crate::conversing::{contents, create, send, through_a_proxy};
use crate::redis_faults::late;

/// What is done once, however often it arrives.
#[derive(Clone, Copy, Debug)]
enum Operation {
    Join,
    Close,
    MarkSeen,
    Typing,
}

impl Operation {
    const ALL: [Self; 4] = [Self::Join, Self::Close, Self::MarkSeen, Self::Typing];

    async fn run(self, store: &Store, id: &ConversationId) -> Result<(), Error> {
        match self {
            Self::Join => store.join(id, Taker::of(id, None, Some("Ada")), Some("Ada")).await,
            Self::Close => store.close(id, Sender::Agent, None).await,
            Self::MarkSeen => store.mark_seen(id, Sender::Customer, Cursor::START).await,
            Self::Typing => store.notify_typing(id, Sender::Agent).await,
        }
    }

    fn lines(self) -> usize {
        usize::from(matches!(self, Self::Join | Self::Close))
    }
}

/// How many lines of events there are beside messages and deletions.
async fn lines(store: &Store, id: &ConversationId) -> usize {
    let tail = store.read_after(id, Cursor::START, u32::MAX).await.unwrap();
    let events = events(&tail.lines, Cursor::START);
    events.filter(|(_, event)| matches!(event, Event::Other(..))).count()
}

fn keyed() -> PendingConversation {
    let key: CreationKey = Uuid::new_v4().to_string().parse().unwrap();
    PendingConversation::new(Some(&key), None)
}

#[tokio::test]
async fn what_was_done_and_not_answered_is_done_once() {
    let (_redis, proxy, store) = through_a_proxy().await;
    for operation in Operation::ALL {
        let id = create(&store).await;
        // The script is known by then, so that the answer that is lost is its own.
        let other = create(&store).await;
        operation.run(&store, &other).await.unwrap();
        proxy.fail(Fault::LoseAnswer);
        operation.run(&store, &id).await.unwrap();
        assert!(proxy.has_failed());
        operation.run(&store, &id).await.or_else(closed).unwrap();
        assert_eq!(lines(&store, &id).await, operation.lines(), "{operation:?}");
    }
}

#[tokio::test]
async fn a_first_attempt_that_arrives_after_the_second_changes_nothing() {
    let (redis, proxy, store) = through_a_proxy().await;
    for operation in Operation::ALL {
        let id = create(&store).await;
        proxy.fail(Fault::HoldRequests);
        operation.run(&store, &id).await.unwrap();
        let sent = lines(&store, &id).await;
        late(&redis, &proxy).await;
        assert_eq!((sent, lines(&store, &id).await), (operation.lines(), sent), "{operation:?}");
    }
}

fn closed(error: Error) -> Result<(), Error> {
    match error {
        Error::ConversationClosed => Ok(()),
        error => Err(error),
    }
}

#[tokio::test]
async fn a_creation_under_a_key_knows_its_own_attempts_from_others() {
    let (redis, proxy, store) = through_a_proxy().await;
    proxy.fail(Fault::LoseAnswer);
    let conversation = keyed();
    assert_eq!(store.create(&conversation).await.unwrap(), Created::New);
    assert!(proxy.has_failed());
    let id = *conversation.id();
    send(&store, &id, "kept").await;

    let conversation = keyed();
    proxy.fail(Fault::HoldRequests);
    assert_eq!(store.create(&conversation).await.unwrap(), Created::New);
    send(&store, conversation.id(), "kept").await;
    late(&redis, &proxy).await;
    for id in [&id, conversation.id()] {
        assert_eq!(contents(&store, id).await, ["kept"]);
    }
    // Another request under the same key is another's.
    let key: CreationKey = Uuid::new_v4().to_string().parse().unwrap();
    let [first, second] = [0; 2].map(|_| PendingConversation::new(Some(&key), None));
    assert_eq!(store.create(&first).await.unwrap(), Created::New);
    proxy.fail(Fault::LoseAnswer);
    assert_eq!(store.create(&second).await.unwrap(), Created::Replayed);
}

#[tokio::test]
async fn a_deleted_conversation_whose_answer_was_lost_was_deleted() {
    let (_redis, proxy, store) = through_a_proxy().await;
    let other = create(&store).await;
    store.delete_conversation(&other).await.unwrap();
    let id = create(&store).await;
    proxy.fail(Fault::LoseAnswer);
    store.delete_conversation(&id).await.unwrap();
    assert!(proxy.has_failed());
    let again = store.delete_conversation(&id).await;
    assert!(matches!(again, Err(Error::ConversationNotFound)), "{again:?}");
}

#[tokio::test]
async fn an_agent_whose_joining_was_not_answered_before_the_end_has_joined() {
    let (_redis, proxy, store) = through_a_proxy().await;
    let id = create(&store).await;
    let taker = Taker::of(&id, None, Some("Ada"));
    proxy.fail(Fault::LoseAnswer);
    let joining = store.join(&id, taker, Some("Ada"));
    let closing = async {
        while lines(&store, &id).await == 0 {}
        store.close(&id, Sender::Customer, None).await
    };
    let (joined, closed) = tokio::join!(joining, closing);
    joined.unwrap();
    closed.unwrap();
    let again = store.join(&id, taker, Some("Ada")).await;
    assert!(matches!(again, Err(Error::ConversationClosed)), "{again:?}");
}
