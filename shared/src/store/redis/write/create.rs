//! Creating a conversation.

use redis::{Cmd, Value};

use crate::domain::conversation::ConversationId;
use crate::domain::limits::MAX_METADATA_BYTES;
use crate::error::Error;
use crate::event_log::line::{CREATION_END_LENGTH, CREATION_MARK};
use crate::event_log::{self, Creator, FRONT_LENGTH};
use crate::store::redis::command::{Command, Request, exactly};
use crate::store::redis::keys::conversation_key;
use crate::store::redis::operation::Operation;
use crate::store::redis::retry::Attempt;
use crate::store::redis::{RedisStore, unavailable};
use crate::store::{Created, PendingConversation};

/// The most bytes that a new conversation has.
const MAX_NEW_BYTES: usize =
    FRONT_LENGTH + CREATION_MARK.len() + MAX_METADATA_BYTES + CREATION_END_LENGTH + 1;

/// `SET … NX`: creates a conversation, and leaves one alone that is there. A first attempt may
/// arrive after a later one was answered and messages were added.
struct Create<'a> {
    bytes: &'a [u8],
    ttl_milliseconds: u128,
}

impl Create<'_> {
    fn set(&self, id: &ConversationId) -> Cmd {
        let mut set = redis::cmd("SET");
        set.arg(conversation_key(id)).arg(self.bytes);
        set.arg("NX").arg("PX").arg(self.ttl_milliseconds);
        set
    }
}

impl Command for Create<'_> {
    type Reply = ();

    fn request(&self, id: &ConversationId, _: Attempt) -> Request {
        Request::Command(self.set(id))
    }

    fn parse(&self, _: &ConversationId, replies: Vec<Value>) -> Option<()> {
        matches!(replies[..], [Value::Okay | Value::Nil]).then_some(())
    }
}

/// The same for a conversation that may be there, with its beginning as it is then.
struct CreateOrRead<'a>(Create<'a>);

impl Command for CreateOrRead<'_> {
    type Reply = Vec<u8>;

    fn request(&self, id: &ConversationId, _: Attempt) -> Request {
        let mut beginning = redis::cmd("GETRANGE");
        beginning.arg(conversation_key(id)).arg(0).arg(MAX_NEW_BYTES - 1);
        Request::pipeline([self.0.set(id), beginning])
    }

    fn parse(&self, _: &ConversationId, replies: Vec<Value>) -> Option<Vec<u8>> {
        match exactly(replies)? {
            [Value::Okay | Value::Nil, Value::BulkString(beginning)] => Some(beginning),
            _ => None,
        }
    }
}

impl RedisStore {
    pub(in crate::store) async fn create(
        &self,
        conversation: &PendingConversation,
    ) -> Result<Created, Error> {
        let PendingConversation { id, bytes, has_key } = conversation;
        let create = Create { bytes, ttl_milliseconds: self.ttl_milliseconds };
        let mut operation = Operation::new(&self.client, id);
        if !has_key {
            operation.run(&create).await.map_err(unavailable)?;
            if self.has_queue {
                self.enter_queue(id, true, &operation).await?;
            }
            return Ok(Created::New);
        }
        let create = CreateOrRead(create);
        let mut found = operation.run(&create).await.map_err(unavailable)?;
        while found.is_empty() {
            // It expired between the two commands.
            found = operation.run(&create).await.map_err(unavailable)?;
        }
        let created = match event_log::creator(&found, bytes) {
            Creator::Same => Created::New,
            Creator::Alike => Created::Replayed,
            Creator::Different => return Err(Error::IdempotencyKeyReused),
        };
        // An earlier request may have failed in between.
        if self.has_queue && event_log::state::is_waiting(&found) {
            self.enter_queue(id, created == Created::New, &operation).await?;
        }
        Ok(created)
    }
}
