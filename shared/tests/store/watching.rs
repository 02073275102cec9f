//! Many who read and follow conversations while others write to them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;
use shared::domain::conversation::ConversationId;
use shared::domain::cursor::Cursor;
use shared::domain::version::KnownVersions;
use shared::error::Error;
use shared::event_log::read::{Event, events, into_json};
use shared::store::reader::{ConversationReader, Next};
use shared::store::{Read, Store};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

const READERS: usize = 4;
/// What a message may take to reach who follows, far longer than it takes.
pub const PROMPT: Duration = Duration::from_secs(10);

/// Readers of some conversations, and a follower of each, until they are told to stop.
pub struct Watching {
    stop: Arc<AtomicBool>,
    readers: JoinSet<()>,
    followers: Vec<(ConversationId, watch::Receiver<Vec<String>>)>,
    following: JoinSet<()>,
}

impl Watching {
    pub fn start(store: &Store, ids: &[ConversationId]) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let mut readers = JoinSet::new();
        for reader in 0..READERS {
            readers.spawn(read(store.clone(), ids.to_vec(), reader, stop.clone()));
        }
        let mut following = JoinSet::new();
        let follower = |id: &ConversationId| {
            let (seen, sees) = watch::channel(Vec::new());
            following.spawn(follow(ConversationReader::new(store, *id, Cursor::START), seen));
            (*id, sees)
        };
        let followers = ids.iter().map(follower).collect();
        Self { stop, readers, followers, following }
    }

    /// Waits until each follower has seen a message, which must be promptly.
    pub async fn all_see(&mut self, content: &str) {
        for (id, sees) in &mut self.followers {
            let sees = sees.wait_for(|seen| seen.iter().any(|one| one == content));
            let seen = timeout(PROMPT, sees).await;
            assert!(matches!(seen, Ok(Ok(_))), "{id}: its follower is silent, or has failed");
        }
    }

    /// Ends the watching; what each follower has seen.
    pub async fn stop(self) -> Vec<(ConversationId, Vec<String>)> {
        self.stop.store(true, Ordering::SeqCst);
        self.readers.join_all().await;
        drop(self.following);
        let seen = self.followers.iter().map(|(id, sees)| (*id, sees.borrow().clone()));
        seen.collect()
    }
}

/// Reads one conversation after the other, each of which must be the one that was asked for.
async fn read(store: Store, ids: Vec<ConversationId>, reader: usize, stop: Arc<AtomicBool>) {
    for id in ids.iter().cycle().skip(reader) {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        match store.read(id, &KnownVersions::NONE).await {
            Ok(Read::Log(log)) => drop(checked(id, log)),
            Ok(Read::Unchanged(_)) => panic!("nothing was known, and nothing has changed"),
            Err(error) => pause(error).await,
        }
        match store.read_after(id, Cursor::START, u32::MAX).await {
            Ok(tail) => drop(messages(&tail.lines, Cursor::START)),
            Err(error) => pause(error).await,
        }
        sleep(Duration::from_millis(5)).await;
    }
}

/// The contents of a log, which must be the conversation's own.
pub fn checked(id: &ConversationId, log: Vec<u8>) -> Vec<String> {
    let answer = into_json(log);
    let text = String::from_utf8_lossy(&answer);
    let answer: Value = serde_json::from_str(&text).unwrap_or_else(|error| {
        panic!("not JSON: {error}: {}", text.chars().take(80).collect::<String>())
    });
    assert_eq!(answer["conversationId"], id.to_string(), "another's conversation");
    let messages = answer["messages"].as_array().unwrap();
    messages.iter().map(|message| message["content"].as_str().unwrap().to_owned()).collect()
}

/// Notes what is seen, in order.
async fn follow(mut following: ConversationReader, seen: watch::Sender<Vec<String>>) {
    loop {
        let deadline = Instant::now() + 6 * PROMPT;
        match following.next(deadline, u32::MAX).await {
            Ok(Next::Happened(start, tail)) => {
                let messages = messages(&tail.lines, start);
                seen.send_modify(|seen| seen.extend(messages));
            }
            Ok(Next::Nothing | Next::Typing(_) | Next::Seen) => {}
            Ok(Next::Ended) => return,
            Err(error) => pause(error).await,
        }
    }
}

/// The contents of the messages in some lines, in which nothing was deleted.
fn messages(lines: &[u8], start: Cursor) -> Vec<String> {
    let message = |(_, event): (Cursor, Event)| match event {
        Event::Message(message) => {
            let message: Value = serde_json::from_slice(message).unwrap();
            Some(message["content"].as_str().unwrap().to_owned())
        }
        Event::Other(..) => None,
        Event::Deleted(id) => panic!("nothing was deleted: {id:?}"),
    };
    events(lines, start).filter_map(message).collect()
}

/// Lets a store that is unavailable come back; nothing else may be wrong.
async fn pause(error: Error) {
    assert!(matches!(error, Error::StoreUnavailable(_)), "{error:?}");
    sleep(Duration::from_millis(20)).await;
}
