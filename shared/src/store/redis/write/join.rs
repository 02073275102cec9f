//! Having an agent take a conversation.

use std::sync::LazyLock;

use redis::Cmd;

use crate::domain::conversation::ConversationId;
use crate::domain::taker::Taker;
use crate::error::Error;
use crate::store::redis::RedisStore;
use crate::store::redis::operation::Operation;
use crate::store::redis::retry::Attempt;
use crate::store::redis::script::{
    APPEND, BEGIN, EXTEND_EXPIRY, PUBLISH, Script, ScriptArguments, TAKE,
};

static JOIN: LazyLock<Script> = LazyLock::new(|| {
    let check = include_str!("../scripts/join_check.lua");
    Script::new(&[BEGIN, check, EXTEND_EXPIRY, TAKE, APPEND, PUBLISH])
});

/// The arguments of `scripts/join_check.lua`.
struct JoinArguments<'a> {
    taker: Taker,
    line: &'a [u8],
}

impl ScriptArguments for JoinArguments<'_> {
    type Success = ();

    fn script(&self) -> &'static Script {
        &JOIN
    }

    fn append_to(&self, command: &mut Cmd, attempt: Attempt) {
        command.arg(self.taker.to_string()).arg(self.line);
        command.arg(u8::from(attempt != Attempt::First));
    }

    fn parse(&self, word: &str) -> Option<()> {
        (word == "done").then_some(())
    }
}

impl RedisStore {
    pub(in crate::store) async fn join(
        &self,
        id: &ConversationId,
        taker: Taker,
        line: &[u8],
    ) -> Result<(), Error> {
        let mut operation = Operation::new(&self.client, id);
        self.write_within(&mut operation, false, JoinArguments { taker, line }).await?;
        if self.has_queue {
            self.leave_queue(id, &operation).await;
        }
        Ok(())
    }
}
