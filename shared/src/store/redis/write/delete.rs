//! Deleting a message.

use std::sync::LazyLock;

use redis::Cmd;

use crate::domain::conversation::ConversationId;
use crate::domain::message_id::MessageId;
use crate::domain::sender::Sender;
use crate::error::Error;
use crate::event_log::{line, offset_of};
use crate::store::redis::RedisStore;
use crate::store::redis::retry::Attempt;
use crate::store::redis::script::{BEGIN, EXTEND_EXPIRY, PUBLISH, Script, ScriptArguments};

static DELETE: LazyLock<Script> = LazyLock::new(|| {
    let check = include_str!("../scripts/delete_check.lua");
    let write = include_str!("../scripts/delete_write.lua");
    Script::new(&[BEGIN, check, EXTEND_EXPIRY, write, PUBLISH])
});

/// The arguments of `scripts/delete_check.lua`.
struct DeleteArguments<'a> {
    message: &'a MessageId,
    /// The only sender whose messages may be deleted; `None` for everybody's.
    sender: Option<Sender>,
}

impl ScriptArguments for DeleteArguments<'_> {
    type Success = ();

    fn script(&self) -> &'static Script {
        &DELETE
    }

    fn append_to(&self, command: &mut Cmd, attempt: Attempt) {
        command.arg(offset_of(self.message.place())).arg(line::message_start(self.message));
        command.arg(self.sender.map(line::sender_part).unwrap_or_default());
        command.arg(line::deletion(self.message)).arg(u8::from(attempt != Attempt::First));
    }

    fn parse(&self, word: &str) -> Option<()> {
        (word == "deleted").then_some(())
    }
}

impl RedisStore {
    pub(in crate::store) async fn delete(
        &self,
        id: &ConversationId,
        message: &MessageId,
        sender: Option<Sender>,
    ) -> Result<(), Error> {
        self.write(id, false, DeleteArguments { message, sender }).await
    }
}
