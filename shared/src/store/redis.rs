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
//! a channel, see `redis/pushes.rs`.
//!
//! A send is remembered by its `Idempotency-Key`. One without is remembered only when it is tried
//! again, by a blank and its message's id, which no key can be: so a first try that was held up on
//! the way finds, when it arrives after all, that the second came before it.

mod connection;
mod link;
mod pushes;
mod reply;
mod script;
mod subscriptions;
mod tries;

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
use link::TIME_LIMIT;
use pushes::channel;
use reply::{failure, refusal, text, unexpected};
use script::{DELETE, SEND, Script};
use tries::Try;

/// Room for the longest command that reads, so that building it never moves it.
const MAX_ARGUMENTS: usize = 4;
const ARGUMENT_BYTES: usize = 96;

/// A Redis server or cluster, reached over one connection that all requests share. Cloning it
/// shares it.
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
        let (changes, changed) = mpsc::unbounded_channel();
        let followers = Followers::new(Some(changes));
        let connection = Connection::new(redis, followers.downgrade());
        tokio::spawn(subscriptions::keep(connection.clone(), followers.downgrade(), changed));
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
        self.connection.run(|_| set.clone()).await.map_err(failure)?;
        Ok(())
    }

    pub(super) async fn send(&self, id: &ConversationId, draft: &Draft) -> Result<Sent, Error> {
        let message_id = draft.message_id.to_string();
        let keys = keys(id);
        let reply = self.run(&SEND, &keys, |arguments, attempt| {
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
        });
        match text(reply.await?)?.as_str() {
            "added" => Ok(Sent::Added(draft.message_id)),
            first if first == message_id => Ok(Sent::Added(draft.message_id)),
            other => match refusal(other) {
                Some(refusal) => Err(refusal),
                None => other.parse().map(Sent::Replayed).map_err(|_| unexpected()),
            },
        }
    }

    pub(super) async fn read(&self, id: &ConversationId, known: &[Cursor]) -> Result<Read, Error> {
        if !known.is_empty() {
            // A log never shrinks: one that is as long as the reader's is the reader's.
            let length = self.connection.run(|_| reading("STRLEN", id)).await.map_err(failure)?;
            let Value::Int(length) = length else { return Err(unexpected()) };
            let end = log::end(length as usize);
            if length > 0 && known.contains(&end) {
                return Ok(Read::Unchanged(end));
            }
        }
        match self.connection.run(|_| reading("GET", id)).await.map_err(failure)? {
            Value::BulkString(log) => Ok(Read::Log(log)),
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
        let mut lines = reading("GETRANGE", id);
        lines.arg(before).arg(before + limit as usize - 1);
        let mut both = Pipeline::with_capacity(2);
        // The expiry second, so that it is never older than the lines.
        both.add_command(lines).add_command(reading("PEXPIRETIME", id));
        let replies = self.connection.run_all(&both).await.map_err(failure)?;
        match <[Value; 2]>::try_from(replies) {
            Ok([_, Value::Int(none)]) if none < 0 => Err(Error::ConversationNotFound),
            Ok([Value::BulkString(part), Value::Int(expires)]) => Ok(Tail {
                lines: log::lines_after_cursor(part)?,
                expires: SystemTime::UNIX_EPOCH + Duration::from_millis(expires as u64),
            }),
            _ => Err(unexpected()),
        }
    }

    pub(super) async fn delete(
        &self,
        id: &ConversationId,
        message: &MessageId,
        of: Option<Sender>,
    ) -> Result<(), Error> {
        let keys = keys(id);
        let reply = self.run(&DELETE, &keys, |arguments, attempt| {
            arguments.arg(log::message_start(message)).arg(log::deletion_line(message));
            arguments.arg(self.ttl_milliseconds).arg(self.publish).arg(channel(id));
            arguments.arg(u8::from(attempt == Try::Again));
            arguments.arg(of.map(log::sender_part).unwrap_or_default());
        });
        match text(reply.await?)?.as_str() {
            "deleted" => Ok(()),
            other => Err(refusal(other).unwrap_or_else(unexpected)),
        }
    }

    /// Ends once Redis has confirmed that it will tell of changes.
    pub(super) async fn follow(&self, id: &ConversationId) -> Result<Follower, Error> {
        let mut follower = self.followers.follow(id);
        match timeout(TIME_LIMIT, follower.hears()).await {
            Ok(_) => Ok(follower),
            Err(late) => Err(Error::StoreUnavailable(late.into())),
        }
    }

    pub(super) fn end_following(&self) {
        self.followers.end();
    }

    async fn run(
        &self,
        script: &Script,
        keys: &[String],
        arguments: impl Fn(&mut Cmd, Try),
    ) -> Result<Value, Error> {
        script.run(&self.connection, keys, arguments).await.map_err(failure)
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
