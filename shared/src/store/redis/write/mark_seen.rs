//! Noting how far a side has seen a conversation.

use std::sync::LazyLock;

use redis::Cmd;

use crate::domain::conversation::ConversationId;
use crate::domain::cursor::Cursor;
use crate::domain::sender::Sender;
use crate::error::Error;
use crate::event_log::state;
use crate::store::redis::RedisStore;
use crate::store::redis::retry::Attempt;
use crate::store::redis::script::{BEGIN, PUBLISH, Script, ScriptArguments};

static MARK_SEEN: LazyLock<Script> =
    LazyLock::new(|| Script::new(&[BEGIN, include_str!("../scripts/mark_seen.lua"), PUBLISH]));

/// The arguments of `scripts/mark_seen.lua`.
struct MarkSeenArguments {
    sender: Sender,
    cursor: Cursor,
}

impl ScriptArguments for MarkSeenArguments {
    type Success = ();

    fn script(&self) -> &'static Script {
        &MARK_SEEN
    }

    fn append_to(&self, command: &mut Cmd, _: Attempt) {
        command.arg(self.sender.name()).arg(state::seen_start(self.sender));
        command.arg(state::seen_text(self.cursor));
    }

    fn parse(&self, word: &str) -> Option<()> {
        (word == "done").then_some(())
    }
}

impl RedisStore {
    pub(in crate::store) async fn mark_seen(
        &self,
        id: &ConversationId,
        sender: Sender,
        cursor: Cursor,
    ) -> Result<(), Error> {
        self.write(id, false, MarkSeenArguments { sender, cursor }).await
    }
}
