//! Conversations in this process's memory, gone when the process ends.

mod conversation;
mod conversations;
mod queue;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::notifier::{Note, Notification, Notifier, PublishedEvent, Subscription};
use super::reader::StoreClock;
use super::{Created, PendingConversation, PendingMessage, Read, Sent, Tail};
use crate::config::Config;
use crate::domain::conversation::ConversationId;
use crate::domain::cursor::Cursor;
use crate::domain::message_id::MessageId;
use crate::domain::queue::Waiting;
use crate::domain::sender::Sender;
use crate::domain::taker::Taker;
use crate::domain::version::{ExpectedVersion, KnownVersions};
use crate::error::Error;
use crate::event_log::line::set_place;
use crate::event_log::read::lines_after_cursor;
use crate::event_log::state::STATE_LENGTH;
use crate::event_log::{self, Creator, state};
use conversation::{Conversation, Expiry};
use conversations::Conversations;
use queue::Queue;

/// All conversations of this process. Cloning it shares them.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    conversations: Arc<Conversations>,
    notifier: Notifier,
    ttl: Duration,
    max_conversation_length: usize,
    /// `None` if waiting conversations are not listed.
    queue: Option<Arc<Queue>>,
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
            queue: config.queue.then(Arc::default),
        }
    }

    /// How many conversations are in memory, with the expired ones that are not removed yet.
    pub fn held(&self) -> usize {
        self.conversations.held()
    }

    pub(super) fn create(&self, conversation: &PendingConversation) -> Result<Created, Error> {
        let PendingConversation { id, bytes, .. } = conversation;
        let there = self.conversations.insert(id, bytes.clone(), Expiry::after(self.ttl))?;
        let Some(there) = there else {
            self.change_queue(|queue| queue.add(id));
            return Ok(Created::New);
        };
        match event_log::creator(there.lock().bytes(), bytes) {
            Creator::Same | Creator::Alike => Ok(Created::Replayed),
            Creator::Different => Err(Error::IdempotencyKeyReused),
        }
    }

    pub(super) fn send(
        &self,
        id: &ConversationId,
        message: &PendingMessage,
    ) -> Result<Sent, Error> {
        let sent = self.conversations.with(id, |conversation| {
            if let Some(idempotency) = &message.idempotency
                && let Some((fingerprint, first)) = conversation.remembered(idempotency.key())
            {
                return if fingerprint == idempotency.fingerprint() {
                    Ok(Sent::Replayed(*first))
                } else {
                    Err(Error::IdempotencyKeyReused)
                };
            }
            conversation.require_open()?;
            let length = conversation.bytes().len();
            let cursor = event_log::cursor_at(length);
            if message.expected != ExpectedVersion::Any
                && message.expected != ExpectedVersion::Cursor(cursor)
            {
                return Err(Error::ConversationChanged(cursor));
            }
            if length + message.line.len() > self.max_conversation_length {
                return Err(Error::ConversationFull);
            }
            let sent = message.id.at(cursor);
            let remember = message.idempotency.as_ref().map(|idempotency| (idempotency, sent));
            conversation.make_room(message.line.len(), remember.is_some())?;
            conversation.change(|bytes| {
                bytes.extend_from_slice(&message.line);
                set_place(&mut bytes[length..], cursor);
                if let Some(taker) = message.taker
                    && state::taken_by(bytes).is_none()
                {
                    state::take(bytes, taker);
                }
            });
            if let Some((idempotency, sent)) = remember {
                conversation.remember(idempotency, sent);
            }
            conversation.expires = Expiry::after(self.ttl);
            self.notify(id, length, conversation);
            Ok(Sent::Added(sent))
        })?;
        if message.taker.is_some() {
            self.change_queue(|queue| queue.remove(id));
        }
        Ok(sent)
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
                seen: state::seen(conversation.bytes()),
                creator: state::creator(conversation.bytes()),
                rendered: None,
            })
        })
    }

    pub(super) fn join(&self, id: &ConversationId, taker: Taker, line: &[u8]) -> Result<(), Error> {
        self.conversations.with(id, |conversation| {
            conversation.require_open()?;
            match state::taken_by(conversation.bytes()) {
                Some(by) if by == taker.to_string() => return Ok(()),
                Some(by) if by != Taker::Unknown.to_string() => return Err(Error::AlreadyJoined),
                _ => {}
            }
            self.append(id, conversation, line, |bytes| state::take(bytes, taker));
            Ok(())
        })?;
        self.change_queue(|queue| queue.remove(id));
        Ok(())
    }

    pub(super) fn close(&self, id: &ConversationId, line: &[u8]) -> Result<(), Error> {
        self.conversations.with(id, |conversation| {
            if conversation.require_open().is_ok() {
                self.append(id, conversation, line, state::close);
            }
            Ok(())
        })?;
        self.change_queue(|queue| queue.remove(id));
        Ok(())
    }

    pub(super) fn mark_seen(
        &self,
        id: &ConversationId,
        sender: Sender,
        cursor: Cursor,
    ) -> Result<(), Error> {
        self.conversations.with(id, |conversation| {
            let before = event_log::offset_of(cursor) - 1;
            lines_after_cursor(
                conversation.bytes().get(before..=before).unwrap_or_default().to_vec(),
            )?;
            if cursor > state::seen(conversation.bytes()).of(sender) {
                conversation.change(|bytes| state::set_seen(bytes, sender, cursor));
                self.notifier.topics().notify(id, Notification::Note(Note::Seen(sender, cursor)));
            }
            Ok(())
        })
    }

    pub(super) fn notify_typing(&self, id: &ConversationId, sender: Sender) -> Result<(), Error> {
        self.conversations.with(id, |conversation| {
            conversation.require_open()?;
            self.notifier.topics().notify(id, Notification::Note(Note::Typing(sender)));
            Ok(())
        })
    }

    pub(super) fn delete_conversation(&self, id: &ConversationId) -> Result<(), Error> {
        let entry = self.queue.as_deref().and_then(|queue| queue.created(id));
        self.conversations.remove(id)?;
        self.notifier.topics().notify(id, Notification::ReadOn);
        if let Some(created) = entry {
            self.change_queue(|queue| queue.remove_created(id, created));
        }
        Ok(())
    }

    /// Lists the first of the waiting conversations.
    pub(super) fn waiting(&self, limit: usize) -> Waiting {
        let waits = |id: &ConversationId| {
            let waits = self.conversations.with(id, |it| Ok(state::is_waiting(it.bytes())));
            waits.unwrap_or(false)
        };
        let queue = self.queue.as_deref();
        queue.map_or(Waiting::NONE, |queue| queue.list(limit, waits))
    }

    /// Changes the queue, if there is one, and notifies its followers.
    fn change_queue(&self, change: impl FnOnce(&Queue) -> bool) {
        if self.queue.as_deref().is_some_and(change) {
            self.notifier.topics().notify(&ConversationId::NIL, Notification::ReadOn);
        }
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

    pub(super) fn has_ended_following(&self) -> bool {
        self.notifier.is_closed()
    }

    /// Appends the line of an event, changes the state with it, and extends the conversation's life.
    fn append(
        &self,
        id: &ConversationId,
        conversation: &mut Conversation,
        line: &[u8],
        change_state: impl FnOnce(&mut [u8]),
    ) {
        let length = conversation.bytes().len();
        conversation.change(|bytes| {
            bytes.extend_from_slice(line);
            change_state(bytes);
        });
        conversation.expires = Expiry::after(self.ttl);
        self.notify(id, length, conversation);
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
