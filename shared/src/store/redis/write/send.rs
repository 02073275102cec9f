//! Sending a message.

use std::sync::LazyLock;

use redis::Cmd;

use crate::domain::conversation::ConversationId;
use crate::domain::idempotency::Idempotency;
use crate::domain::message_id::MessageId;
use crate::domain::taker::Taker;
use crate::domain::version::ExpectedVersion;
use crate::error::Error;
use crate::event_log::line::PLACE;
use crate::store::redis::RedisStore;
use crate::store::redis::operation::Operation;
use crate::store::redis::retry::Attempt;
use crate::store::redis::script::{BEGIN, EXTEND_EXPIRY, PUBLISH, Script, ScriptArguments, TAKE};
use crate::store::{PendingMessage, Sent};

static SEND: LazyLock<Script> = LazyLock::new(|| {
    let check = include_str!("../scripts/send_check.lua");
    let write = include_str!("../scripts/send_write.lua");
    Script::new(&[BEGIN, check, EXTEND_EXPIRY, write, TAKE, PUBLISH])
});

/// The arguments of `scripts/send_check.lua`.
struct SendArguments<'a> {
    /// The message's id, of which the script sets the place.
    id: &'a MessageId,
    /// The message's line after the place in its id.
    line_end: &'a [u8],
    /// How many bytes the conversation's string may have.
    max_length: usize,
    /// At which version the message may be added.
    expected: ExpectedVersion,
    /// Who takes the conversation, unless it has been taken.
    taker: Option<Taker>,
    /// What the send is remembered by.
    idempotency: Option<&'a Idempotency>,
}

impl ScriptArguments for SendArguments<'_> {
    /// What was sent, and whether an agent has taken the conversation with it.
    type Success = (Sent, bool);

    fn script(&self) -> &'static Script {
        &SEND
    }

    fn append_to(&self, command: &mut Cmd, attempt: Attempt) {
        let id_start = &self.id.to_string()[..MessageId::LENGTH - PLACE.len()];
        command.arg(id_start).arg(self.line_end).arg(self.max_length);
        match attempt {
            Attempt::First => command.arg(""),
            Attempt::Later(started) => command.arg(started.elapsed().as_millis()),
        };
        // The script takes what is left out at the end for empty, and most sends have none of these.
        let has_more = self.idempotency.is_some() || self.expected != ExpectedVersion::Any;
        if self.taker.is_some() || has_more {
            command.arg(self.taker.map(|taker| taker.to_string()).unwrap_or_default());
        }
        if has_more {
            match self.expected {
                ExpectedVersion::Any => command.arg(""),
                ExpectedVersion::Cursor(cursor) => command.arg(cursor.0),
            };
        }
        if let Some(idempotency) = self.idempotency {
            command.arg(idempotency.key()).arg(idempotency.fingerprint());
        }
    }

    /// Only a send under a key may be answered with another message's id than its own.
    fn parse(&self, word: &str) -> Option<(Sent, bool)> {
        let (id, is_taken) = match word.strip_suffix(" taken") {
            Some(id) => (id, true),
            None => (word, false),
        };
        let id: MessageId = id.parse().ok()?;
        let sent = match id.is_same_message(self.id) {
            true => Sent::Added(id),
            false => self.idempotency.map(|_| Sent::Replayed(id))?,
        };
        Some((sent, is_taken))
    }
}

impl RedisStore {
    pub(in crate::store) async fn send(
        &self,
        id: &ConversationId,
        message: &PendingMessage,
    ) -> Result<Sent, Error> {
        let arguments = SendArguments {
            id: &message.id,
            line_end: &message.line[PLACE.end..],
            max_length: self.max_conversation_length,
            expected: message.expected,
            taker: message.taker,
            idempotency: message.idempotency.as_ref(),
        };
        let mut operation = Operation::new(&self.client, id);
        let has_key = message.idempotency.is_some();
        let (sent, is_taken) = self.write_within(&mut operation, has_key, arguments).await?;
        if is_taken && self.has_queue {
            self.leave_queue(id, &operation).await;
        }
        Ok(sent)
    }
}
