//! Creating, sending and deleting.

use std::sync::atomic::Ordering::Relaxed;

use redis::{Cmd, Value};

use super::RedisStore;
use super::client::Operation;
use super::connection::Request;
use super::keys::{channel, conversation_key, sends_key};
use super::reply::{failure, refusal};
use super::retry::Attempt;
use super::script::{DELETE, Reply, SEND, Script};
use crate::domain::conversation::ConversationId;
use crate::domain::message::{MessageId, Sender};
use crate::error::Error;
use crate::event_log::line::{self, PLACE};
use crate::event_log::offset_of;
use crate::store::{PendingMessage, Sent};

impl RedisStore {
    /// Never over a conversation: a first attempt may arrive when the second has been answered and
    /// built upon.
    pub(in crate::store) async fn create(&self, id: &ConversationId) -> Result<(), Error> {
        let mut set = redis::cmd("SET");
        set.arg(conversation_key(id)).arg(crate::event_log::new(id));
        set.arg("NX").arg("PX").arg(self.ttl_milliseconds);
        let parse =
            |replies: Vec<Value>| matches!(replies[..], [Value::Okay | Value::Nil]).then_some(());
        let request = |_| Request::Command(set.clone());
        self.client.operation(id).run(request, parse).await.map_err(failure)
    }

    pub(in crate::store) async fn send(
        &self,
        id: &ConversationId,
        message: &PendingMessage,
    ) -> Result<Sent, Error> {
        let text = message.id.to_string();
        let own = &text[..MessageId::LENGTH - PLACE.len()];
        let arguments = |arguments: &mut Cmd, attempt| {
            arguments.arg(own).arg(&message.line[PLACE.end..]).arg(self.max_conversation_length);
            match attempt {
                Attempt::First => arguments.arg(""),
                Attempt::Later(begun) => arguments.arg(begun.elapsed().as_millis()),
            };
            if let Some(remembered) = &message.idempotency {
                arguments.arg(remembered.key()).arg(remembered.fingerprint());
            }
        };
        let parse = |word: &str| {
            let id: MessageId = word.parse().ok()?;
            let is_own = id.is_same_message(&message.id);
            // Only a key leads to another message than this one.
            let is_possible = is_own || message.idempotency.is_some();
            is_possible.then_some(if is_own { Sent::Added(id) } else { Sent::Replayed(id) })
        };
        self.write(&SEND, id, message.idempotency.is_some(), arguments, parse).await
    }

    pub(in crate::store) async fn delete(
        &self,
        id: &ConversationId,
        message: &MessageId,
        sender: Option<Sender>,
    ) -> Result<(), Error> {
        let arguments = |arguments: &mut Cmd, attempt| {
            arguments.arg(offset_of(message.place())).arg(line::message_start(message));
            arguments.arg(sender.map(line::sender_part).unwrap_or_default());
            arguments.arg(line::deletion(message)).arg(u8::from(attempt != Attempt::First));
        };
        let parse = |word: &str| (word == "deleted").then_some(());
        self.write(&DELETE, id, false, arguments, parse).await
    }

    /// Runs a script on the conversation alone, and on what is remembered of its sends where it
    /// needs that: in a cluster, a script on two keys has to wait while their slot is moved.
    async fn write<T>(
        &self,
        script: &Script,
        id: &ConversationId,
        with_sends: bool,
        arguments: impl Fn(&mut Cmd, Attempt),
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T, Error> {
        let arguments = |command: &mut Cmd, attempt| {
            command.arg(self.ttl_milliseconds).arg(self.publish).arg(channel(id));
            arguments(command, attempt);
        };
        let parse = |reply: Reply| {
            let refused = self.publish_refused.swap(reply.publish_error.is_some(), Relaxed);
            if let Some(cause) = reply.publish_error
                && !refused
            {
                tracing::error!(cause, "Redis does not let what happens be published");
            }
            match reply.word.as_str() {
                "sends_needed" => Some(Ok(None)),
                word => match refusal(word) {
                    Some(error) => Some(Err(error)),
                    None => parse(word).map(|parsed| Ok(Some(parsed))),
                },
            }
        };
        let mut operation = self.client.operation(id);
        let mut keys = vec![conversation_key(id)];
        if with_sends {
            keys.push(sends_key(id));
        }
        let parsed = loop {
            let done = script.run(&mut operation, &keys, &arguments, &parse).await;
            match done.map_err(failure)?? {
                Some(parsed) => break parsed,
                None => keys = vec![conversation_key(id), sends_key(id)],
            }
        };
        if operation.was_redirected {
            self.tell_old_node(&mut operation, id).await;
        }
        Ok(parsed)
    }

    /// Has followers read on who are subscribed to the node that a slot is leaving, while the script
    /// has told those of the node that it is moving to.
    async fn tell_old_node(&self, operation: &mut Operation<'_>, id: &ConversationId) {
        let request = |_| {
            let mut publish = redis::cmd(self.publish);
            publish.arg(channel(id)).arg("");
            Request::Command(publish)
        };
        let parse = |replies: Vec<Value>| matches!(replies[..], [Value::Int(_)]).then_some(());
        if let Err(error) = operation.run(request, parse).await {
            tracing::warn!(%error, "followers were not told while a slot is moved");
        }
    }
}
