//! Stores, and what tests do with them.

use std::time::Duration;

use serde_json::Value;
use shared::config::Config;
use shared::domain::conversation::ConversationId;
use shared::domain::cursor::Cursor;
use shared::domain::message::NewMessage;
use shared::domain::message_id::MessageId;
use shared::domain::sender::Sender;
use shared::domain::version::KnownVersions;
use shared::event_log::read::into_json;
use shared::event_log::{cursor_at, line};
use shared::store::{PendingConversation, PendingMessage, Read, Sent, Store};
use testing::proxy::Proxy;
use testing::redis::RedisServer;

/// How long a request may take, whatever Redis does.
pub const RESPONSE_LIMIT: Duration = Duration::from_secs(3);

pub fn config(variables: &[(&str, &str)]) -> Config {
    let value = |asked| variables.iter().find(|(name, _)| *name == asked);
    Config::from_variables(|name| value(name).map(|(_, value)| (*value).to_owned())).unwrap()
}

/// The store that these variables configure.
pub async fn open(variables: &[(&str, &str)]) -> Store {
    Store::open(&config(variables)).await
}

/// A Redis, a proxy in front of it, and the store that reaches it through the proxy.
pub async fn through_a_proxy() -> (RedisServer, Proxy, Store) {
    let redis = RedisServer::start();
    let proxy = Proxy::to(redis.port()).await;
    let store = open(&[("REDIS_URL", &proxy.url())]).await;
    (redis, proxy, store)
}

pub fn pending(id: &ConversationId, content: &str, key: Option<&str>) -> PendingMessage {
    let timestamp = "2025-04-05T14:01:00Z".to_owned();
    let message = NewMessage::new(Sender::Customer, content.to_owned(), timestamp).unwrap();
    PendingMessage::new(id, &message, key.map(|key| key.parse().unwrap()).as_ref())
}

/// The versions at these cursors, as those that a reader knows.
pub fn cursors(known: &[Cursor]) -> KnownVersions {
    KnownVersions::Cursors(known.to_vec())
}

pub async fn create(store: &Store) -> ConversationId {
    let id = ConversationId::random();
    store.create(&PendingConversation::with_id(id)).await.unwrap();
    id
}

pub async fn send(store: &Store, id: &ConversationId, content: &str) -> MessageId {
    match store.send(id, &pending(id, content, None)).await.unwrap() {
        Sent::Added(message) => message,
        Sent::Replayed(_) => panic!("a send without a key was replayed"),
    }
}

/// Appends messages as the store does, only faster, and returns their ids.
pub fn append_messages(url: &str, id: &ConversationId, number: usize) -> Vec<MessageId> {
    let key = format!("chat:2:{{{id}}}:log");
    let mut redis = redis::Client::open(url).unwrap().get_connection().unwrap();
    let start: usize = redis::cmd("STRLEN").arg(&key).query(&mut redis).unwrap();
    let timestamp = "2025-04-05T14:01:00Z".to_owned();
    let message = NewMessage::new(Sender::Customer, "hello".to_owned(), timestamp).unwrap();
    let (mut lines, mut ids) = (Vec::new(), Vec::new());
    for _ in 0..number {
        let id = MessageId::next().at(cursor_at(start + lines.len()));
        lines.extend(line::message(&id, &message));
        ids.push(id);
    }
    redis::cmd("SETRANGE").arg(key).arg(start).arg(lines).exec(&mut redis).unwrap();
    ids
}

pub async fn read(store: &Store, id: &ConversationId) -> Vec<u8> {
    match store.read(id, &KnownVersions::NONE).await.unwrap() {
        Read::Log(log) => log,
        Read::Unchanged(_) => panic!("nothing was known, and nothing has changed"),
    }
}

pub async fn contents(store: &Store, id: &ConversationId) -> Vec<String> {
    let answer: Value = serde_json::from_slice(&into_json(read(store, id).await)).unwrap();
    let messages = answer["messages"].as_array().unwrap();
    messages.iter().map(|message| message["content"].as_str().unwrap().to_owned()).collect()
}
