//! Telling followers that a side is writing.

use std::sync::LazyLock;

use redis::Cmd;

use crate::domain::conversation::ConversationId;
use crate::domain::sender::Sender;
use crate::error::Error;
use crate::store::redis::RedisStore;
use crate::store::redis::retry::Attempt;
use crate::store::redis::script::{Script, ScriptArguments};

static NOTIFY_TYPING: LazyLock<Script> =
    LazyLock::new(|| Script::new(&[include_str!("../scripts/notify_typing.lua")]));

/// The arguments of `scripts/notify_typing.lua`.
struct TypingArguments {
    sender: Sender,
}

impl ScriptArguments for TypingArguments {
    type Success = ();

    fn script(&self) -> &'static Script {
        &NOTIFY_TYPING
    }

    fn append_to(&self, command: &mut Cmd, _: Attempt) {
        command.arg(self.sender.name());
    }

    fn parse(&self, word: &str) -> Option<()> {
        (word == "done").then_some(())
    }
}

impl RedisStore {
    pub(in crate::store) async fn notify_typing(
        &self,
        id: &ConversationId,
        sender: Sender,
    ) -> Result<(), Error> {
        self.write(id, false, TypingArguments { sender }).await
    }
}
