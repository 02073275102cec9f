//! Closing a conversation.

use std::sync::LazyLock;

use redis::Cmd;

use crate::domain::conversation::ConversationId;
use crate::error::Error;
use crate::store::redis::RedisStore;
use crate::store::redis::operation::Operation;
use crate::store::redis::retry::Attempt;
use crate::store::redis::script::{APPEND, BEGIN, EXTEND_EXPIRY, PUBLISH, Script, ScriptArguments};

static CLOSE: LazyLock<Script> = LazyLock::new(|| {
    let check = include_str!("../scripts/close_check.lua");
    let write = include_str!("../scripts/close_write.lua");
    Script::new(&[BEGIN, check, EXTEND_EXPIRY, write, APPEND, PUBLISH])
});

/// The arguments of `scripts/close_check.lua`.
struct CloseArguments<'a> {
    line: &'a [u8],
}

impl ScriptArguments for CloseArguments<'_> {
    type Success = ();

    fn script(&self) -> &'static Script {
        &CLOSE
    }

    fn append_to(&self, command: &mut Cmd, _: Attempt) {
        command.arg(self.line);
    }

    fn parse(&self, word: &str) -> Option<()> {
        (word == "done").then_some(())
    }
}

impl RedisStore {
    pub(in crate::store) async fn close(
        &self,
        id: &ConversationId,
        line: &[u8],
    ) -> Result<(), Error> {
        let mut operation = Operation::new(&self.client, id);
        self.write_within(&mut operation, false, CloseArguments { line }).await?;
        if self.has_queue {
            self.leave_queue(id, &operation).await;
        }
        Ok(())
    }
}
