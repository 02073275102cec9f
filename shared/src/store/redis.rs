//! Conversations in Redis.
//!
//! Two keys hold a conversation, in one hash slot because of their common `{…}`:
//!
//! | key | type | holds |
//! |---|---|---|
//! | `chat:{<conversationId>}:log` | string | the log, see [`crate::log`] |
//! | `chat:{<conversationId>}:keys` | hash | per `Idempotency-Key` the message's fingerprint and id |
//!
//! Both expire together. Who follows is told on a channel, see `subscriptions`. What takes more than one command is a Lua script: atomic, one round trip.

mod subscriptions;

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{
    Client, Cmd, ConnectionInfo, ErrorKind, ProtocolVersion, RedisError, Script, ServerErrorKind,
    Value,
};
use subscriptions::{Pushes, channel};
use tokio::sync::mpsc;

use super::followers::{Follower, Followers};
use super::{Draft, Read, Sent, Tail};
use crate::config::Config;
use crate::conversation::ConversationId;
use crate::cursor::Cursor;
use crate::error::Error;
use crate::log;
use crate::message::MessageId;

static SEND: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("redis/send.lua")));
static READ: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("redis/read.lua")));
static FOLLOW: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("redis/follow.lua")));
static DELETE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("redis/delete.lua")));

/// How long connecting may take, and how long an answer.
const TIME_LIMIT: Duration = Duration::from_secs(1);

/// A Redis server, reached over one connection that all requests share. Cloning it shares it.
#[derive(Clone, Debug)]
pub struct RedisStore {
    connection: ConnectionManager,
    followers: Followers,
    ttl_milliseconds: u128,
    max_log_bytes: usize,
}

impl RedisStore {
    /// Connects. A server that does not answer is no error: it is logged, and requests end in
    /// [`Error::StoreUnavailable`] until it does.
    pub async fn connect(server: &ConnectionInfo, config: &Config) -> Result<Self, Error> {
        let resp3 = server.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let client = Client::open(server.clone().set_redis_settings(resp3)).map_err(failure)?;
        let (changes, changed) = mpsc::unbounded_channel();
        let followers = Followers::new(Some(changes));
        let settings = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(TIME_LIMIT))
            .set_response_timeout(Some(TIME_LIMIT))
            .set_number_of_retries(0)
            .set_push_sender(Pushes(followers.downgrade()));
        let connection =
            ConnectionManager::new_lazy_with_config(client, settings).map_err(failure)?;
        tokio::spawn(subscriptions::keep(connection.clone(), followers.downgrade(), changed));
        let store = Self {
            connection,
            followers,
            ttl_milliseconds: config.conversation_ttl.as_millis(),
            max_log_bytes: config.max_log_bytes(),
        };
        // Connecting now saves the first request from waiting for it.
        if let Err(error) = store.query(&redis::cmd("PING")).await {
            tracing::warn!(server = %server.addr(), %error, "Redis does not answer yet");
        }
        Ok(store)
    }

    pub(super) async fn create(&self, id: &ConversationId) -> Result<(), Error> {
        let mut set = redis::cmd("SET");
        set.arg(log_key(id)).arg(log::empty(id));
        set.arg("PX").arg(self.ttl_milliseconds);
        self.query(&set).await.map_err(failure)?;
        Ok(())
    }

    pub(super) async fn send(&self, id: &ConversationId, draft: &Draft) -> Result<Sent, Error> {
        let mut script = evaluate(&SEND, &[log_key(id), keys_key(id), channel(id)]);
        script.arg(&draft.line).arg(self.ttl_milliseconds);
        script.arg(self.max_log_bytes);
        match &draft.once {
            Some((key, fingerprint)) => script.arg(key.as_str()).arg(fingerprint.as_bytes()),
            None => script.arg("").arg(""),
        };
        script.arg(draft.message_id.to_string());
        match text(self.run(&SEND, &script).await?)?.as_str() {
            "added" => Ok(Sent::Added(draft.message_id)),
            refusal_or_id => match refusal(refusal_or_id) {
                Some(refusal) => Err(refusal),
                None => refusal_or_id.parse().map(Sent::Replayed),
            },
        }
    }

    pub(super) async fn read(&self, id: &ConversationId, known: &[Cursor]) -> Result<Read, Error> {
        let reply = if known.is_empty() {
            self.query(redis::cmd("GET").arg(log_key(id))).await.map_err(failure)?
        } else {
            let mut script = evaluate(&READ, &[log_key(id)]);
            for cursor in known {
                script.arg(log::length_at(*cursor));
            }
            self.run(&READ, &script).await?
        };
        match reply {
            Value::BulkString(log) => Ok(Read::Log(log)),
            Value::Int(length) => Ok(Read::Unchanged(log::end(length as usize))),
            Value::Nil => Err(Error::ConversationNotFound),
            _ => Err(unexpected()),
        }
    }

    pub(super) async fn read_after(
        &self,
        id: &ConversationId,
        after: Cursor,
        limit: u32,
    ) -> Result<Tail, Error> {
        let before = log::length_at(after) - 1;
        let mut script = evaluate(&FOLLOW, &[log_key(id)]);
        script.arg(before).arg(before + limit as usize - 1);
        match self.run(&FOLLOW, &script).await? {
            Value::Nil => Err(Error::ConversationNotFound),
            Value::Array(parts) => match <[Value; 2]>::try_from(parts) {
                Ok([Value::BulkString(part), Value::Int(expires)]) => Ok(Tail {
                    lines: log::lines_after_cursor(part)?,
                    expires: SystemTime::UNIX_EPOCH + Duration::from_millis(expires as u64),
                }),
                _ => Err(unexpected()),
            },
            _ => Err(unexpected()),
        }
    }

    /// Ends once Redis has confirmed that it will tell of changes.
    pub(super) async fn follow(&self, id: &ConversationId) -> Result<Follower, Error> {
        let mut follower = self.followers.follow(id);
        match tokio::time::timeout(TIME_LIMIT, follower.hears()).await {
            Ok(_) => Ok(follower),
            Err(late) => Err(Error::StoreUnavailable(late.into())),
        }
    }

    pub(super) fn end_following(&self) {
        self.followers.end();
    }

    pub(super) async fn delete(
        &self,
        id: &ConversationId,
        message: &MessageId,
    ) -> Result<(), Error> {
        let mut script = evaluate(&DELETE, &[log_key(id), keys_key(id), channel(id)]);
        script.arg(log::message_start(message)).arg(log::deletion_line(message));
        script.arg(self.ttl_milliseconds);
        match text(self.run(&DELETE, &script).await?)?.as_str() {
            "deleted" => Ok(()),
            other => Err(refusal(other).unwrap_or_else(unexpected)),
        }
    }

    /// Runs a script by its digest. A server that has not seen it, as after a restart, is sent it.
    async fn run(&self, script: &Script, command: &Cmd) -> Result<Value, Error> {
        match self.query(command).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                let mut connection = self.connection.clone();
                script.load_async(&mut connection).await.map_err(failure)?;
                self.query(command).await
            }
            result => result,
        }
        .map_err(failure)
    }

    async fn query(&self, command: &Cmd) -> Result<Value, RedisError> {
        command.query_async(&mut self.connection.clone()).await
    }
}

fn log_key(id: &ConversationId) -> String {
    format!("chat:{{{id}}}:log")
}

fn keys_key(id: &ConversationId) -> String {
    format!("chat:{{{id}}}:keys")
}

/// The command that runs a script on these keys, its arguments still to be added.
fn evaluate(script: &Script, keys: &[String]) -> Cmd {
    let mut command = redis::cmd("EVALSHA");
    command.arg(script.get_hash()).arg(keys.len()).arg(keys);
    command
}

/// The words in which the scripts refuse.
fn refusal(word: &str) -> Option<Error> {
    match word {
        "conversation_not_found" => Some(Error::ConversationNotFound),
        "message_not_found" => Some(Error::MessageNotFound),
        "conversation_full" => Some(Error::ConversationFull),
        "idempotency_key_reused" => Some(Error::IdempotencyKeyReused),
        _ => None,
    }
}

fn text(reply: Value) -> Result<String, Error> {
    match reply {
        Value::BulkString(bytes) => String::from_utf8(bytes).map_err(|_| unexpected()),
        _ => Err(unexpected()),
    }
}

/// Says nothing of the reply itself, which may hold a message's content.
fn unexpected() -> Error {
    Error::Internal("Redis answered in a way that none of our commands is answered".into())
}

/// A command that Redis understood and refused as wrong (`ERR`) is a bug of ours; everything else
/// is Redis's state or the way to it.
fn failure(error: RedisError) -> Error {
    match error.kind() {
        ErrorKind::Server(ServerErrorKind::ResponseError) => Error::Internal(error.into()),
        _ => Error::StoreUnavailable(error.into()),
    }
}
