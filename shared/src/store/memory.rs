//! Conversations in this process's memory, gone when the process ends.

mod conversation;
mod conversations;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::notifier::{Notification, Notifier, PublishedEvent, Subscription};
use super::reader::StoreClock;
use super::{PendingMessage, Read, Sent, Tail};
use crate::config::Config;
use crate::domain::conversation::ConversationId;
use crate::domain::cursor::{Cursor, KnownVersions};
use crate::domain::message::{MessageId, Sender};
use crate::error::Error;
use crate::event_log;
use crate::event_log::line::set_place;
use crate::event_log::read::lines_after_cursor;
use crate::event_log::state::STATE_LENGTH;
use conversation::{Conversation, Expiry};
use conversations::Conversations;

/// All conversations of this process. Cloning it shares them.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    conversations: Arc<Conversations>,
    notifier: Notifier,
    ttl: Duration,
    max_conversation_length: usize,
}

impl MemoryStore {
    /// Opens an empty store, and starts the task that removes what has expired.
    ///
    /// Must be called within a tokio runtime.
    pub fn new(config: &Config) -> Self {
        Self {
            conversations: Conversations::start(config.max_memory_bytes),
            notifier: Notifier::new(None),
            ttl: config.conversation_ttl,
            max_conversation_length: config.max_conversation_length(),
        }
    }

    /// How many conversations are in memory, with the expired ones that are not removed yet.
    pub fn held(&self) -> usize {
        self.conversations.held()
    }

    pub(super) fn create(&self, id: &ConversationId) -> Result<(), Error> {
        self.conversations.insert(id, event_log::new(id), Expiry::after(self.ttl))
    }

    pub(super) fn send(
        &self,
        id: &ConversationId,
        message: &PendingMessage,
    ) -> Result<Sent, Error> {
        self.conversations.with(id, |conversation| {
            if let Some(idempotency) = &message.idempotency
                && let Some((fingerprint, first)) = conversation.remembered(idempotency.key())
            {
                return if fingerprint == idempotency.fingerprint() {
                    Ok(Sent::Replayed(*first))
                } else {
                    Err(Error::IdempotencyKeyReused)
                };
            }
            let length = conversation.bytes().len();
            if length + message.line.len() > self.max_conversation_length {
                return Err(Error::ConversationFull);
            }
            let place = event_log::cursor_at(length);
            let sent = message.id.at(place);
            let remember = message.idempotency.as_ref().map(|idempotency| (idempotency, sent));
            conversation.make_room(message.line.len(), remember.is_some())?;
            conversation.change(|bytes| {
                bytes.extend_from_slice(&message.line);
                set_place(&mut bytes[length..], place);
            });
            if let Some((idempotency, sent)) = remember {
                conversation.remember(idempotency, sent);
            }
            conversation.expires = Expiry::after(self.ttl);
            self.notify(id, length, conversation);
            Ok(Sent::Added(sent))
        })
    }

    pub(super) fn read(&self, id: &ConversationId, known: &KnownVersions) -> Result<Read, Error> {
        self.conversations.with(id, |conversation| {
            let end = event_log::cursor_at(conversation.bytes().len());
            Ok(if known.contains(end) {
                Read::Unchanged(end)
            } else {
                Read::Log(conversation.bytes()[STATE_LENGTH..].to_vec())
            })
        })
    }

    pub(super) fn delete(
        &self,
        id: &ConversationId,
        message: &MessageId,
        sender: Option<Sender>,
    ) -> Result<(), Error> {
        self.conversations.with(id, |conversation| {
            let length = conversation.bytes().len();
            conversation.change(|bytes| event_log::delete(bytes, message, sender))?;
            conversation.expires = Expiry::after(self.ttl);
            self.notify(id, length, conversation);
            Ok(())
        })
    }

    pub(super) fn read_after(
        &self,
        id: &ConversationId,
        after: Cursor,
        limit: u32,
    ) -> Result<Tail, Error> {
        self.conversations.with(id, |conversation| {
            let before = event_log::offset_of(after) - 1;
            let rest = conversation.bytes().get(before..).unwrap_or_default();
            let part = &rest[..rest.len().min(limit as usize)];
            Ok(Tail {
                lines: lines_after_cursor(part.to_vec())?,
                expires: conversation.expires.time,
                is_whole: part.len() == rest.len(),
                rendered: None,
            })
        })
    }

    pub(super) fn subscribe(&self, id: &ConversationId) -> Subscription {
        self.notifier.subscribe(id)
    }

    pub(super) fn clock(&self, id: &ConversationId) -> Result<StoreClock, Error> {
        self.conversations.with(id, |conversation| {
            let Expiry { instant, time } = conversation.expires;
            Ok(StoreClock { time, instant })
        })
    }

    pub(super) fn end_following(&self) {
        self.notifier.close();
    }

    /// Notifies the followers of the line that was appended at this length. The conversation stays
    /// locked meanwhile, so that events come in order.
    fn notify(&self, id: &ConversationId, length: usize, conversation: &Conversation) {
        let topics = self.notifier.topics();
        if topics.is_followed(id) {
            let line = Bytes::copy_from_slice(&conversation.bytes()[length..]);
            let start = event_log::cursor_at(length);
            let event = PublishedEvent::new(start, line, conversation.expires.time);
            topics.notify(id, Notification::Event(event));
        }
    }
}
