//! Deleting a conversation.

use std::sync::LazyLock;

use redis::Cmd;

use crate::domain::conversation::ConversationId;
use crate::error::Error;
use crate::store::redis::RedisStore;
use crate::store::redis::operation::Operation;
use crate::store::redis::retry::Attempt;
use crate::store::redis::script::{PUBLISH, Script, ScriptArguments};

static DELETE_CONVERSATION: LazyLock<Script> =
    LazyLock::new(|| Script::new(&[include_str!("../scripts/delete_conversation.lua"), PUBLISH]));

/// The arguments of `scripts/delete_conversation.lua`.
struct DeleteConversationArguments;

impl ScriptArguments for DeleteConversationArguments {
    type Success = ();

    fn script(&self) -> &'static Script {
        &DELETE_CONVERSATION
    }

    fn append_to(&self, command: &mut Cmd, attempt: Attempt) {
        command.arg(u8::from(attempt != Attempt::First));
    }

    fn parse(&self, word: &str) -> Option<()> {
        (word == "done").then_some(())
    }
}

impl RedisStore {
    pub(in crate::store) async fn delete_conversation(
        &self,
        id: &ConversationId,
    ) -> Result<(), Error> {
        let mut operation = Operation::new(&self.client, id);
        let entry = match self.has_queue {
            true => self.queue_entry(id, &operation).await,
            false => None,
        };
        self.write_within(&mut operation, false, DeleteConversationArguments).await?;
        if let Some(entry) = entry {
            self.leave_queue_as(entry, &operation).await;
        }
        Ok(())
    }
}
