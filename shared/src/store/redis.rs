//! Conversations in Redis.
//!
//! Two keys hold a conversation, in one hash slot because of their common `{…}`:
//!
//! | key | type | holds |
//! |---|---|---|
//! | `chat:{<conversationId>}:log` | string | the log, see [`crate::log`] |
//! | `chat:{<conversationId>}:keys` | hash | per remembered send the message's fingerprint and id |
//!
//! Both expire together. Writing what is there already is a Lua script: atomic, in one round trip.
//! Reading takes plain commands, which cost Redis half of what a script does. Who follows is told on
//! a channel, see `redis/subscriber.rs`.
//!
//! A send is remembered by its `Idempotency-Key`. One without is remembered only when it is tried
//! again, by a blank and its message's id, which no key can be: so a first try that was held up on
//! the way finds, when it arrives after all, that the second came before it.

mod connection;
mod link;
mod reply;
mod script;
mod server;
mod subscriber;
mod tries;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use redis::{Cmd, Pipeline, Value};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::followers::{Follower, Followers};
use super::{Draft, Read, Sent, Tail};
use crate::config::{Config, RedisConfig};
use crate::conversation::ConversationId;
use crate::cursor::Cursor;
use crate::error::Error;
use crate::log;
use crate::message::{MessageId, Sender};
use connection::Connection;
use reply::{failure, refusal};
use script::{DELETE, SEND, Script};
use subscriber::{Subscriber, channel};
use tries::{REQUEST_TIME_LIMIT, Try};

/// Room for the longest command that reads, so that building it never moves it.
const MAX_ARGUMENTS: usize = 4;
const ARGUMENT_BYTES: usize = 96;

/// A Redis server or cluster, reached over one connection that all requests share, and others for
/// what is followed. Cloning it shares it.
#[derive(Clone, Debug)]
pub struct RedisStore {
    connection: Connection,
    followers: Followers,
    publish: &'static str,
    ttl_milliseconds: u128,
    max_log_bytes: usize,
}

impl RedisStore {
    /// Connects. A Redis that does not answer is no error: it is logged, and requests end in
    /// [`Error::StoreUnavailable`] until it does.
    pub async fn connect(redis: &RedisConfig, config: &Config) -> Self {
        // rustls leaves the choice of its cryptography to the program; a choice made twice is one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let redis = Arc::new(redis.clone());
        let (changes, changed) = mpsc::unbounded_channel();
        let followers = Followers::new(Some(changes));
        tokio::spawn(Subscriber::run(redis.clone(), followers.downgrade(), changed));
        let connection = Connection::new(&redis);
        // Connecting now saves the first request from waiting for it.
        if let Err(error) = connection.open().await {
            tracing::warn!(%redis, %error, "Redis does not answer yet");
        }
        Self {
            connection,
            followers,
            // In a cluster, only the nodes of the conversation's slot are told.
            publish: if redis.cluster { "SPUBLISH" } else { "PUBLISH" },
            ttl_milliseconds: config.conversation_ttl.as_millis(),
            max_log_bytes: config.max_log_bytes(),
        }
    }

    /// Never over a log: a first try may arrive when the second has been answered and built upon.
    pub(super) async fn create(&self, id: &ConversationId) -> Result<(), Error> {
        let mut set = redis::cmd("SET");
        set.arg(log_key(id)).arg(log::empty(id)).arg("NX").arg("PX").arg(self.ttl_milliseconds);
        let parse = |reply| matches!(reply, Value::Okay | Value::Nil).then_some(());
        self.connection.run(|_| set.clone(), parse).await.map_err(failure)
    }

    pub(super) async fn send(&self, id: &ConversationId, draft: &Draft) -> Result<Sent, Error> {
        let message_id = draft.message_id.to_string();
        let arguments = |arguments: &mut Cmd, attempt| {
            arguments.arg(&draft.line).arg(self.max_log_bytes);
            arguments.arg(self.ttl_milliseconds).arg(self.publish).arg(channel(id));
            match &draft.once {
                Some((key, fingerprint)) => {
                    arguments.arg(key.as_str()).arg(fingerprint.as_bytes());
                }
                None => {
                    arguments.arg(format!(" {message_id}")).arg("");
                }
            }
            let again = attempt == Try::Again;
            arguments.arg(&message_id).arg(u8::from(again || draft.once.is_some()));
            if again {
                arguments.arg(log::message_start(&draft.message_id));
                arguments.arg(log::deletion_line(&draft.message_id));
            }
        };
        let parse = |reply: &str| match reply.parse() {
            Ok(added) if added == draft.message_id => Some(Ok(Sent::Added(added))),
            Ok(first) => Some(Ok(Sent::Replayed(first))),
            Err(_) => refusal(reply).map(Err),
        };
        self.run(&SEND, &keys(id), arguments, parse).await
    }

    pub(super) async fn read(&self, id: &ConversationId, known: &[Cursor]) -> Result<Read, Error> {
        if !known.is_empty() {
            // A log never shrinks: one that is as long as the reader's is the reader's.
            let parse = |reply| match reply {
                Value::Int(length) => usize::try_from(length).ok(),
                _ => None,
            };
            let length = self.connection.run(|_| reading("STRLEN", id), parse);
            let length = length.await.map_err(failure)?;
            let end = log::end(length);
            if length > 0 && known.contains(&end) {
                return Ok(Read::Unchanged(end));
            }
        }
        let header = log::empty(id);
        let parse = |reply| match reply {
            Value::BulkString(log) if log.starts_with(&header) => Some(Some(log)),
            Value::Nil => Some(None),
            _ => None,
        };
        let log = self.connection.run(|_| reading("GET", id), parse).await.map_err(failure)?;
        log.map(Read::Log).ok_or(Error::ConversationNotFound)
    }

    pub(super) async fn read_after(
        &self,
        id: &ConversationId,
        after: Cursor,
        limit: u32,
    ) -> Result<Tail, Error> {
        let mut header = reading("GETRANGE", id);
        header.arg(0).arg(log::HEADER_LENGTH - 1);
        let before = log::length_at(after) - 1;
        let mut lines = reading("GETRANGE", id);
        lines.arg(before).arg(before + limit as usize - 1);
        let mut all = Pipeline::with_capacity(3);
        // The expiry last, so that it is never older than the lines.
        all.add_command(header).add_command(lines).add_command(reading("PEXPIRETIME", id));
        let own_header = log::empty(id);
        let parse = |replies: Vec<Value>| match <[Value; 3]>::try_from(replies).ok()? {
            [_, _, Value::Int(none)] if none < 0 => Some(None),
            [Value::BulkString(header), Value::BulkString(part), Value::Int(expires)]
                if header == own_header =>
            {
                Some(Some((part, expires)))
            }
            _ => None,
        };
        let found = self.connection.run_all(&all, parse).await.map_err(failure)?;
        let (part, expires) = found.ok_or(Error::ConversationNotFound)?;
        Ok(Tail {
            lines: log::lines_after_cursor(part)?,
            expires: SystemTime::UNIX_EPOCH + Duration::from_millis(expires as u64),
        })
    }

    pub(super) async fn delete(
        &self,
        id: &ConversationId,
        message: &MessageId,
        of: Option<Sender>,
    ) -> Result<(), Error> {
        let arguments = |arguments: &mut Cmd, attempt| {
            arguments.arg(log::message_start(message)).arg(log::deletion_line(message));
            arguments.arg(self.ttl_milliseconds).arg(self.publish).arg(channel(id));
            arguments.arg(u8::from(attempt == Try::Again));
            arguments.arg(of.map(log::sender_part).unwrap_or_default());
        };
        let parse = |reply: &str| match reply {
            "deleted" => Some(Ok(())),
            other => refusal(other).map(Err),
        };
        self.run(&DELETE, &keys(id), arguments, parse).await
    }

    /// Ends once Redis has confirmed that it will tell of changes.
    pub(super) async fn follow(&self, id: &ConversationId) -> Result<Follower, Error> {
        let mut follower = self.followers.follow(id);
        match timeout(REQUEST_TIME_LIMIT, follower.hears()).await {
            Ok(_) => Ok(follower),
            Err(late) => Err(Error::StoreUnavailable(late.into())),
        }
    }

    pub(super) fn end_following(&self) {
        self.followers.end();
    }

    async fn run<T>(
        &self,
        script: &Script,
        keys: &[String],
        arguments: impl Fn(&mut Cmd, Try),
        parse: impl Fn(&str) -> Option<Result<T, Error>>,
    ) -> Result<T, Error> {
        script.run(&self.connection, keys, arguments, parse).await.map_err(failure)?
    }
}

fn log_key(id: &ConversationId) -> String {
    id.between("chat:{", "}:log")
}

/// A command that reads a log, with room for what more it takes.
fn reading(name: &str, id: &ConversationId) -> Cmd {
    let mut command = Cmd::with_capacity(MAX_ARGUMENTS, ARGUMENT_BYTES);
    command.arg(name).arg(log_key(id));
    command
}

/// The keys that the scripts which write are given.
fn keys(id: &ConversationId) -> [String; 2] {
    [log_key(id), id.between("chat:{", "}:keys")]
}
