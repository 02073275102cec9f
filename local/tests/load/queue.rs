//! Conversations that wait for an agent, while Redis fails: each one whose creation was answered is in the
//! queue until something begins that ends its wait, and no two agents take one.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use testing::api::{Answer, Api};
use tokio::time::sleep;
use uuid::Uuid;

use crate::PAUSE;
use crate::tally::Tally;

/// How long a conversation waits at most before somebody ends its wait.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// The most that a response lists; fewer wait here.
const LIST: &str = "/api/conversations?limit=1000";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Its creation was answered: it must be listed.
    Waiting,
    /// What ends its wait has begun: it may be listed.
    Leaving,
    /// What ended its wait was answered: it must not be listed.
    Gone,
}

/// Where each conversation must be, by its id.
#[derive(Default)]
pub struct QueueRecord {
    places: Mutex<HashMap<String, Place>>,
    lists: AtomicUsize,
    taken: AtomicUsize,
}

impl QueueRecord {
    fn put(&self, id: &str, place: Place) {
        self.places.lock().expect("the places").insert(id.to_owned(), place);
    }

    fn places(&self) -> HashMap<String, Place> {
        self.places.lock().expect("the places").clone()
    }

    /// Tells the counts in a few words.
    pub fn counts(&self) -> String {
        let count = |counter: &AtomicUsize| counter.load(Ordering::SeqCst);
        let conversations = self.places.lock().expect("the places").len();
        let (taken, lists) = (count(&self.taken), count(&self.lists));
        format!("{conversations} conversations waited, {taken} were taken, {lists} lists compared")
    }
}

/// Creates conversations, lets them wait, and ends their wait, until told to stop.
pub async fn fill(api: &Api, stop: &AtomicBool, record: &QueueRecord, tally: &Tally) {
    for number in 0.. {
        let key = Uuid::new_v4().to_string();
        let created = tally.until_available(|| api.create_with("", &key)).await;
        assert_eq!(created.status, 201, "{created:?}");
        let id = created.text("conversationId");
        record.put(&id, Place::Waiting);
        sleep(LONGEST_WAIT.mul_f32(fastrand::f32())).await;
        if stop.load(Ordering::SeqCst) {
            // It waits to the end.
            return;
        }
        record.put(&id, Place::Leaving);
        end_wait(api, created.header("location"), number % 4, record, tally).await;
        record.put(&id, Place::Gone);
    }
}

async fn end_wait(api: &Api, path: &str, way: usize, record: &QueueRecord, tally: &Tally) {
    let event =
        |event: serde_json::Value| tally.until_available(move || api.event(path, event.clone()));
    match way {
        0 => {
            let join = |name| event(json!({"sender": "agent", "event": "joined", "name": name}));
            let [ada, bob, cy] = ["Ada", "Bob", "Cy"].map(join);
            let answers: [Answer; 3] = tokio::join!(ada, bob, cy).into();
            let mut statuses = answers.map(|answer| answer.status.as_u16());
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 409, 409], "not taken by one agent");
            record.taken.fetch_add(1, Ordering::SeqCst);
        }
        1 => {
            let sent = tally.until_available(|| api.send_once(path, "hello", "hello")).await;
            assert_eq!(sent.status, 201, "{sent:?}");
            record.taken.fetch_add(1, Ordering::SeqCst);
        }
        2 => {
            let closed = event(json!({"sender": "customer", "event": "closed"})).await;
            assert_eq!(closed.status, 200, "{closed:?}");
        }
        _ => {
            let deleted = tally.until_available(|| api.delete_conversation(path)).await;
            // One whose answer was lost is not found again.
            assert!(matches!(deleted.status.as_u16(), 200 | 404), "{deleted:?}");
        }
    }
}

/// Compares the queue with the record again and again, until told to stop.
pub async fn watch(api: &Api, stop: &AtomicBool, record: &QueueRecord, tally: &Tally) {
    while !stop.load(Ordering::SeqCst) {
        compare(api, record, tally).await;
        sleep(PAUSE).await;
    }
}

/// Holds the queue to the record.
pub async fn compare(api: &Api, record: &QueueRecord, tally: &Tally) {
    let before = record.places();
    let list = tally.until_available(|| api.get(LIST)).await.json();
    let after = record.places();
    let list = list["conversations"].as_array().expect("conversations");
    let listed: Vec<_> = list.iter().filter_map(|it| it["conversationId"].as_str()).collect();
    for (id, place) in &before {
        let is_listed = listed.contains(&id.as_str());
        match place {
            Place::Waiting if after[id] == Place::Waiting => {
                assert!(is_listed, "{id} waits and is not listed");
            }
            Place::Gone => assert!(!is_listed, "{id} is listed, and waits no longer"),
            _ => {}
        }
    }
    let mut distinct = listed.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), listed.len(), "one is listed twice");
    record.lists.fetch_add(1, Ordering::SeqCst);
}
