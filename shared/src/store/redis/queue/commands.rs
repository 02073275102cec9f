//! What is asked of Redis about the queue.

use std::sync::LazyLock;

use redis::{Cmd, Value};

use crate::domain::conversation::ConversationId;
use crate::domain::queue::{MAX_WAITING, QueueCursor, Waiting, WaitingConversation};
use crate::event_log::state;
use crate::store::redis::command::{Command, Request, exactly};
use crate::store::redis::keys::{conversation_key, queue_key};
use crate::store::redis::retry::Attempt;
use crate::store::redis::script::{PUBLISH, Script, ScriptArguments};

/// The part that both scripts share.
const NEXT_VERSION: &str = include_str!("../scripts/queue_version.lua");

static ADD: LazyLock<Script> = LazyLock::new(|| {
    let check = include_str!("../scripts/queue_add.lua");
    let write = include_str!("../scripts/queue_add_write.lua");
    Script::new(&[check, NEXT_VERSION, write, PUBLISH])
});
static REMOVE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(&[include_str!("../scripts/queue_remove.lua"), NEXT_VERSION, PUBLISH])
});

/// The member of the queue's set that has its version.
const VERSION: &str = "version";

/// The arguments of `scripts/queue_add.lua`.
pub(super) struct AddArguments<'a> {
    pub(super) id: &'a ConversationId,
    /// Whether the conversation was just created, and not found.
    pub(super) is_new: bool,
}

impl ScriptArguments for AddArguments<'_> {
    type Success = ();

    fn script(&self) -> &'static Script {
        &ADD
    }

    fn key(&self, _: &ConversationId) -> String {
        queue_key()
    }

    fn append_to(&self, command: &mut Cmd, _: Attempt) {
        command.arg(self.id.to_string()).arg(u8::from(self.is_new)).arg(MAX_WAITING);
    }

    fn parse(&self, word: &str) -> Option<()> {
        (word == "done").then_some(())
    }
}

/// The arguments of `scripts/queue_remove.lua`.
pub(super) enum RemoveArguments<'a> {
    /// One, whenever it was created.
    One(&'a ConversationId),
    /// These, as they were listed.
    Listed(&'a [WaitingConversation]),
}

impl ScriptArguments for RemoveArguments<'_> {
    type Success = ();

    fn script(&self) -> &'static Script {
        &REMOVE
    }

    fn key(&self, _: &ConversationId) -> String {
        queue_key()
    }

    fn append_to(&self, command: &mut Cmd, _: Attempt) {
        match self {
            Self::One(id) => drop(command.arg(id.to_string()).arg("")),
            Self::Listed(listed) => {
                listed.iter().for_each(|WaitingConversation { id, created }| {
                    command.arg(id.to_string()).arg(*created);
                })
            }
        }
    }

    fn parse(&self, word: &str) -> Option<()> {
        (word == "done").then_some(())
    }
}

/// The first conversations of the queue, and its version. The version comes first, so that it is
/// never later than the conversations.
pub(super) struct ReadQueue {
    pub(super) limit: usize,
}

impl Command for ReadQueue {
    type Reply = Waiting;

    fn request(&self, _: &ConversationId, _: Attempt) -> Request {
        let mut version = redis::cmd("ZSCORE");
        version.arg(queue_key()).arg(VERSION);
        let mut first = redis::cmd("ZRANGE");
        first.arg(queue_key()).arg(0).arg(self.limit - 1).arg("WITHSCORES");
        Request::pipeline([version, first])
    }

    fn parse(&self, _: &ConversationId, replies: Vec<Value>) -> Option<Waiting> {
        let [version, Value::Array(first)] = exactly(replies)? else { return None };
        let version = match version {
            Value::Nil => 0,
            version => score(&version)?,
        };
        let conversations = first.chunks_exact(2).filter_map(|pair| {
            let id = text(&pair[0])?.parse().ok()?;
            Some(WaitingConversation { id, created: score(&pair[1])? })
        });
        Some(Waiting { conversations: conversations.collect(), cursor: QueueCursor(version) })
    }
}

/// A conversation as it stands in the queue; `None` if it does not.
pub(super) struct QueueEntry {
    pub(super) id: ConversationId,
}

impl Command for QueueEntry {
    type Reply = Option<WaitingConversation>;

    fn request(&self, _: &ConversationId, _: Attempt) -> Request {
        let mut created = redis::cmd("ZSCORE");
        created.arg(queue_key()).arg(self.id.to_string());
        Request::Command(created)
    }

    fn parse(&self, _: &ConversationId, replies: Vec<Value>) -> Option<Self::Reply> {
        match exactly(replies)? {
            [Value::Nil] => Some(None),
            [created] => Some(Some(WaitingConversation { id: self.id, created: score(&created)? })),
        }
    }
}

/// Whether a conversation waits for an agent.
pub(super) struct IsWaiting;

impl Command for IsWaiting {
    type Reply = bool;

    fn request(&self, id: &ConversationId, _: Attempt) -> Request {
        let mut status = redis::cmd("GETRANGE");
        status.arg(conversation_key(id)).arg(0).arg(state::STATUS_LENGTH - 1);
        Request::Command(status)
    }

    fn parse(&self, _: &ConversationId, replies: Vec<Value>) -> Option<bool> {
        let [Value::BulkString(status)] = exactly(replies)? else { return None };
        Some(state::is_waiting(&status))
    }
}

fn score(value: &Value) -> Option<u64> {
    text(value)?.parse().ok()
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    }
}
