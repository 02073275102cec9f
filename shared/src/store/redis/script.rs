//! The Lua scripts that write. Each is atomic and takes one round trip.

use redis::{Cmd, Value};

use super::command::{Command, Request, exactly};
use super::keys::{channel, conversation_key, sends_key};
use super::retry::Attempt;
use crate::domain::conversation::ConversationId;
use crate::error::Error;

/// The parts that scripts share, see `scripts/begin.lua`.
pub(super) const BEGIN: &str = include_str!("scripts/begin.lua");
pub(super) const EXTEND_EXPIRY: &str = include_str!("scripts/extend_expiry.lua");
pub(super) const TAKE: &str = include_str!("scripts/take.lua");
pub(super) const APPEND: &str = include_str!("scripts/append.lua");
pub(super) const PUBLISH: &str = include_str!("scripts/publish.lua");

/// Room for the fullest command, and for the bytes that a usual one has beside its script, so that
/// the command is rarely moved while it is built.
const MAX_ARGUMENTS: usize = 16;
const COMMAND_BYTES: usize = 1024;

/// A script, and the digest by which a Redis knows it that has run it before.
pub(super) struct Script {
    text: String,
    digest: String,
}

/// A script's own arguments, which follow the three that all scripts are given.
pub(super) trait ScriptArguments {
    /// What the script replies if it has written.
    type Success;

    fn script(&self) -> &'static Script;

    /// The key that the script changes.
    fn key(&self, id: &ConversationId) -> String {
        conversation_key(id)
    }

    /// Appends the arguments in the order that the script names them in.
    fn append_to(&self, command: &mut Cmd, attempt: Attempt);

    /// Reads the word that the script replied with; `None` if the script has no such word.
    fn parse(&self, word: &str) -> Option<Self::Success>;
}

/// A script to be run on one conversation.
pub(super) struct ScriptCall<A> {
    /// Whether to send the script's text. Its digest is enough for a Redis that knows it.
    pub(super) sends_text: bool,
    /// Whether to name the key of the remembered sends. In a cluster, a script on two keys has to
    /// wait while their slot is moved.
    pub(super) names_sends_key: bool,
    pub(super) ttl_milliseconds: u128,
    pub(super) publish_command: &'static str,
    pub(super) arguments: A,
}

pub(super) struct ScriptReply<T> {
    pub(super) outcome: Outcome<T>,
    /// Why the event could not be published.
    pub(super) publish_error: Option<String>,
}

pub(super) enum Outcome<T> {
    Success(T),
    /// Nothing was written, because the key of the remembered sends has to be named.
    SendsKeyNeeded,
    /// Nothing was written, for this reason.
    Refused(Error),
}

impl Script {
    /// Puts a script together.
    pub(super) fn new(parts: &[&str]) -> Self {
        let text = parts.concat();
        Self { digest: redis::Script::new(&text).get_hash().to_owned(), text }
    }
}

impl<A: ScriptArguments> Command for ScriptCall<A> {
    type Reply = ScriptReply<A::Success>;

    fn request(&self, id: &ConversationId, attempt: Attempt) -> Request {
        let Script { text, digest } = self.arguments.script();
        let (name, script) = if self.sends_text { ("EVAL", text) } else { ("EVALSHA", digest) };
        let mut command = Cmd::with_capacity(MAX_ARGUMENTS, script.len() + COMMAND_BYTES);
        command.arg(name).arg(script);
        if self.names_sends_key {
            command.arg(2).arg(self.arguments.key(id)).arg(sends_key(id));
        } else {
            command.arg(1).arg(self.arguments.key(id));
        }
        command.arg(self.ttl_milliseconds).arg(self.publish_command).arg(channel(id));
        self.arguments.append_to(&mut command, attempt);
        Request::Command(command)
    }

    fn parse(&self, _: &ConversationId, replies: Vec<Value>) -> Option<Self::Reply> {
        let [reply] = exactly(replies)?;
        let (word, publish_error) = match reply {
            Value::Array(both) => {
                let [word, publish_error] = exactly(both)?;
                (word, Some(text(publish_error)?))
            }
            word => (word, None),
        };
        let outcome = match text(word)?.as_str() {
            "sends_key_needed" => Outcome::SendsKeyNeeded,
            word => match refusal(word) {
                Some(error) => Outcome::Refused(error),
                None => Outcome::Success(self.arguments.parse(word)?),
            },
        };
        Some(ScriptReply { outcome, publish_error })
    }
}

/// The words with which the scripts refuse.
fn refusal(word: &str) -> Option<Error> {
    match word {
        "already_joined" => Some(Error::AlreadyJoined),
        "conversation_closed" => Some(Error::ConversationClosed),
        "conversation_not_found" => Some(Error::ConversationNotFound),
        "forbidden" => Some(Error::ForbiddenDeletion),
        "message_not_found" => Some(Error::MessageNotFound),
        "conversation_full" => Some(Error::ConversationFull),
        "idempotency_key_reused" => Some(Error::IdempotencyKeyReused),
        "invalid_cursor" => Some(Error::InvalidCursor),
        word => {
            let cursor = word.strip_prefix("conversation_changed ")?;
            Some(Error::ConversationChanged(cursor.parse().ok()?))
        }
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => String::from_utf8(bytes).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::event_log::FRONT_LENGTH;

    #[test]
    fn the_scripts_know_where_the_log_begins() {
        let length = format!("FRONT_LENGTH = {FRONT_LENGTH}\n");
        assert!(super::BEGIN.contains(&length));
    }
}
