//! Writing: creating a conversation, and running the scripts that change one.

mod close;
mod create;
mod delete;
mod delete_conversation;
mod join;
mod mark_seen;
mod notify_typing;
mod send;

use std::sync::atomic::Ordering::Relaxed;

use redis::Value;

use super::command::{Command, Request};
use super::keys::channel;
use super::loggable::loggable;
use super::operation::{Operation, UNKNOWN_SCRIPT};
use super::retry::Attempt;
use super::script::{Outcome, ScriptArguments, ScriptCall};
use super::{RedisStore, unavailable};
use crate::domain::conversation::ConversationId;
use crate::error::Error;

/// Publishes a message without an event, at which followers read on.
struct PublishReadOn {
    publish_command: &'static str,
}

impl Command for PublishReadOn {
    type Reply = ();

    fn request(&self, id: &ConversationId, _: Attempt) -> Request {
        let mut publish = redis::cmd(self.publish_command);
        publish.arg(channel(id)).arg("");
        Request::Command(publish)
    }

    fn parse(&self, _: &ConversationId, replies: Vec<Value>) -> Option<()> {
        matches!(replies[..], [Value::Int(_)]).then_some(())
    }
}

impl RedisStore {
    /// Runs a script on a conversation: by its text if Redis does not know its digest, and with
    /// the key of the remembered sends if the script turns out to need it.
    async fn write<A: ScriptArguments>(
        &self,
        id: &ConversationId,
        names_sends_key: bool,
        arguments: A,
    ) -> Result<A::Success, Error> {
        self.write_within(&mut Operation::new(&self.client, id), names_sends_key, arguments).await
    }

    /// The same as a part of an operation.
    pub(super) async fn write_within<A: ScriptArguments>(
        &self,
        operation: &mut Operation<'_>,
        names_sends_key: bool,
        arguments: A,
    ) -> Result<A::Success, Error> {
        let mut call = ScriptCall {
            sends_text: false,
            names_sends_key,
            ttl_milliseconds: self.ttl_milliseconds,
            publish_command: self.publish_command,
            arguments,
        };
        let success = loop {
            let reply = match operation.run(&call).await {
                Err(error) if error.kind() == UNKNOWN_SCRIPT && !call.sends_text => {
                    call.sends_text = true;
                    continue;
                }
                result => result.map_err(unavailable)?,
            };
            match reply.outcome {
                Outcome::Success(success) => {
                    self.note_publish_error(reply.publish_error);
                    break success;
                }
                Outcome::SendsKeyNeeded => call.names_sends_key = true,
                Outcome::Refused(error) => return Err(error),
            }
        };
        if operation.was_redirected {
            self.notify(operation).await;
        }
        Ok(success)
    }

    /// Logs that events cannot be published, once until one can be.
    fn note_publish_error(&self, error: Option<String>) {
        let was_refused = self.publish_refused.swap(error.is_some(), Relaxed);
        if let Some(error) = error
            && !was_refused
        {
            tracing::error!(error, "Redis refuses to publish events");
        }
    }

    /// Has followers read on. Those of a conversation whose slot is being moved may still be
    /// subscribed to the node that it is leaving, and the script has published to the other.
    pub(super) async fn notify(&self, operation: &mut Operation<'_>) {
        let publish = PublishReadOn { publish_command: self.publish_command };
        if let Err(error) = operation.run(&publish).await {
            tracing::warn!(error = loggable(&error), "followers were not notified");
        }
    }
}
