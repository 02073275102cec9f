//! What is to be written, prepared before the first attempt so that all attempts write the same.

use std::time::SystemTime;

use uuid::Uuid;

use crate::domain::conversation::ConversationId;
use crate::domain::creation::CreationKey;
use crate::domain::idempotency::{Idempotency, IdempotencyKey};
use crate::domain::message::NewMessage;
use crate::domain::message_id::MessageId;
use crate::domain::metadata::Metadata;
use crate::domain::taker::Taker;
use crate::domain::version::ExpectedVersion;
use crate::event_log;

/// A conversation to be created.
#[derive(Clone, Debug)]
pub struct PendingConversation {
    pub(super) id: ConversationId,
    /// Its state and its log.
    pub(super) bytes: Vec<u8>,
    /// Whether the same conversation may have been created before, under the same key.
    pub(super) has_key: bool,
}

/// The result of a successful creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// The conversation was created.
    New,
    /// It was created before under the same key. Nothing has changed.
    Replayed,
}

/// A message to be added. The store sets the place in its id.
#[derive(Clone, Debug)]
pub struct PendingMessage {
    pub(super) id: MessageId,
    pub(super) line: Vec<u8>,
    pub(super) idempotency: Option<Idempotency>,
    pub(super) expected: ExpectedVersion,
    /// Who takes the conversation with it, unless it has been taken.
    pub(super) taker: Option<Taker>,
}

/// The result of a successful send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The message was added, under this id.
    Added(MessageId),
    /// The same message was added before under the same key, and has this id. Nothing has changed.
    Replayed(MessageId),
}

impl PendingConversation {
    /// Prepares a conversation: under an id of its own, or with a key, once under that key's id.
    pub fn new(key: Option<&CreationKey>, metadata: Option<&Metadata>) -> Self {
        let mut conversation = match key {
            None => Self::with_id(ConversationId::random()),
            Some(key) => Self { has_key: true, ..Self::with_id(key.conversation_id()) },
        };
        let bytes = &mut conversation.bytes;
        if key.is_some() {
            event_log::state::set_creator(bytes, Uuid::new_v4().as_u64_pair().1);
        }
        if let Some(metadata) = metadata {
            bytes.extend(event_log::line::created(metadata, SystemTime::now()));
        }
        conversation
    }

    /// Prepares a conversation under an id that no other has.
    pub fn with_id(id: ConversationId) -> Self {
        Self { id, bytes: event_log::new(&id), has_key: false }
    }

    /// The conversation's id.
    pub fn id(&self) -> &ConversationId {
        &self.id
    }
}

impl PendingMessage {
    /// Prepares a message. With a key, it is added once under that key.
    pub fn new(
        conversation: &ConversationId,
        message: &NewMessage,
        key: Option<&IdempotencyKey>,
    ) -> Self {
        let id = MessageId::next();
        Self {
            id,
            line: event_log::line::message(&id, message),
            idempotency: key.map(|key| Idempotency::of(conversation, key, message)),
            expected: ExpectedVersion::Any,
            taker: None,
        }
    }

    /// Adds the message only at this version of the conversation.
    pub fn expecting(self, expected: ExpectedVersion) -> Self {
        Self { expected, ..self }
    }

    /// Lets an agent take the conversation with the message, unless it has been taken.
    pub fn taken_by(self, taker: Taker) -> Self {
        Self { taker: Some(taker), ..self }
    }
}
