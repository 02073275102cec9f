//! Conversations in this process's memory: the embedded default, gone when the process ends.

mod conversations;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::followers::{Follower, Followers};
use super::{Draft, Read, Sent, Tail};
use crate::config::Config;
use crate::conversation::ConversationId;
use crate::cursor::Cursor;
use crate::error::Error;
use crate::log;
use crate::message::{MessageId, Sender};
use conversations::{Conversation, Conversations, Expiry};

/// All conversations of this process. Cloning it shares them.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    conversations: Arc<Conversations>,
    followers: Followers,
    ttl: Duration,
    max_log_bytes: usize,
}

impl MemoryStore {
    /// An empty store, and the task that clears it of what has expired for as long as it is used.
    ///
    /// Must be called within a tokio runtime.
    pub fn new(config: &Config) -> Self {
        Self {
            conversations: Conversations::start(),
            followers: Followers::new(None),
            ttl: config.conversation_ttl,
            max_log_bytes: config.max_log_bytes(),
        }
    }

    /// Conversations that memory is held for, expired ones not yet cleared away included.
    pub fn held(&self) -> usize {
        self.conversations.held()
    }

    pub(super) fn create(&self, id: &ConversationId) -> Result<(), Error> {
        let conversation = Conversation {
            log: log::empty(id),
            seen: HashMap::new(),
            expires: Expiry::after(self.ttl),
        };
        self.conversations.insert(id, conversation);
        Ok(())
    }

    pub(super) fn send(&self, id: &ConversationId, draft: &Draft) -> Result<Sent, Error> {
        let sent = self.conversations.with(id, |conversation| {
            if let Some((key, fingerprint)) = &draft.once
                && let Some((first, message_id)) = conversation.seen.get(key)
            {
                return if first == fingerprint {
                    Ok(Sent::Replayed(*message_id))
                } else {
                    Err(Error::IdempotencyKeyReused)
                };
            }
            if conversation.log.len() + draft.line.len() > self.max_log_bytes {
                return Err(Error::ConversationFull);
            }
            conversation.log.extend_from_slice(&draft.line);
            if let Some((key, fingerprint)) = &draft.once {
                conversation.seen.insert(key.clone(), (*fingerprint, draft.message_id));
            }
            conversation.expires = Expiry::after(self.ttl);
            Ok(Sent::Added(draft.message_id))
        })?;
        self.followers.ring(id);
        Ok(sent)
    }

    pub(super) fn read(&self, id: &ConversationId, known: &[Cursor]) -> Result<Read, Error> {
        self.conversations.with(id, |conversation| {
            let end = log::end(conversation.log.len());
            Ok(if known.contains(&end) {
                Read::Unchanged(end)
            } else {
                Read::Log(conversation.log.clone())
            })
        })
    }

    pub(super) fn delete(
        &self,
        id: &ConversationId,
        message: &MessageId,
        of: Option<Sender>,
    ) -> Result<(), Error> {
        self.conversations.with(id, |conversation| {
            log::delete(&mut conversation.log, message, of)?;
            conversation.expires = Expiry::after(self.ttl);
            Ok(())
        })?;
        self.followers.ring(id);
        Ok(())
    }

    pub(super) fn read_after(
        &self,
        id: &ConversationId,
        after: Cursor,
        limit: u32,
    ) -> Result<Tail, Error> {
        self.conversations.with(id, |conversation| {
            let before = log::length_at(after) - 1;
            let rest = conversation.log.get(before..).unwrap_or_default();
            let part = &rest[..rest.len().min(limit as usize)];
            Ok(Tail {
                lines: log::lines_after_cursor(part.to_vec())?,
                expires: conversation.expires.time,
            })
        })
    }

    pub(super) fn follow(&self, id: &ConversationId) -> Follower {
        self.followers.follow(id)
    }

    pub(super) fn end_following(&self) {
        self.followers.end();
    }
}
