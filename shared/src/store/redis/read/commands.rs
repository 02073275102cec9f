//! The commands that read. Where a reply carries a part of the log, the log's first line tells
//! whether it is the conversation's own.

use std::time::{Duration, SystemTime};

use redis::{Cmd, Value};

use crate::domain::conversation::ConversationId;
use crate::domain::seen::Seen;
use crate::event_log::line::MAX_LINE_BYTES;
use crate::event_log::state::{self, STATE_LENGTH};
use crate::event_log::{FRONT_LENGTH, first_line};
use crate::store::redis::command::{Command, Request, exactly};
use crate::store::redis::keys::conversation_key;
use crate::store::redis::retry::Attempt;

/// How many bytes of a log Redis is asked for at a time. It has to buffer them for a client that
/// reads slowly.
pub(super) const PIECE: usize = 256 * 1024;
const _: () = assert!(PIECE > MAX_LINE_BYTES as usize);

/// Room for the longest command, so that it is never moved while it is built.
const MAX_ARGUMENTS: usize = 4;
const ARGUMENT_BYTES: usize = 96;

/// The first piece of the log, which is all of a shorter log. Empty if there is no conversation.
pub(super) struct FirstPiece;

impl Command for FirstPiece {
    type Reply = Vec<u8>;

    fn request(&self, id: &ConversationId, _: Attempt) -> Request {
        Request::Command(getrange(id, STATE_LENGTH, STATE_LENGTH + PIECE))
    }

    fn parse(&self, id: &ConversationId, replies: Vec<Value>) -> Option<Vec<u8>> {
        let [Value::BulkString(log)] = exactly(replies)? else { return None };
        let is_own = log.is_empty() || log.starts_with(first_line(id).as_bytes());
        is_own.then_some(log)
    }
}

/// How many bytes the conversation's string has; 0 if there is no conversation.
pub(super) struct Length;

impl Command for Length {
    type Reply = usize;

    fn request(&self, id: &ConversationId, _: Attempt) -> Request {
        Request::Command(read_command("STRLEN", id))
    }

    fn parse(&self, _: &ConversationId, replies: Vec<Value>) -> Option<usize> {
        let [Value::Int(length)] = exactly(replies)? else { return None };
        usize::try_from(length).ok()
    }
}

/// The same, and when the conversation expires. `None` if there is no conversation.
pub(super) struct LengthAndExpiry;

impl Command for LengthAndExpiry {
    type Reply = Option<(usize, SystemTime)>;

    fn request(&self, id: &ConversationId, _: Attempt) -> Request {
        Request::pipeline([read_command("STRLEN", id), read_command("PEXPIRETIME", id)])
    }

    fn parse(&self, _: &ConversationId, replies: Vec<Value>) -> Option<Self::Reply> {
        let [Value::Int(length), Value::Int(expires)] = exactly(replies)? else { return None };
        Some(usize::try_from(length).ok().zip(time(expires)))
    }
}

/// The bytes from `start` to before `end`, when the conversation expires, how far each side has seen
/// it, and who created it. `None` if there is no conversation.
pub(super) struct Part {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Command for Part {
    type Reply = Option<(Vec<u8>, SystemTime, Seen, u64)>;

    fn request(&self, id: &ConversationId, _: Attempt) -> Request {
        let front = getrange(id, 0, FRONT_LENGTH);
        let part = getrange(id, self.start, self.end);
        // The expiry comes last, so that it is never older than the lines.
        Request::pipeline([front, part, read_command("PEXPIRETIME", id)])
    }

    fn parse(&self, id: &ConversationId, replies: Vec<Value>) -> Option<Self::Reply> {
        let [Value::BulkString(front), Value::BulkString(part), Value::Int(expires)] =
            exactly(replies)?
        else {
            return None;
        };
        let Some(expires) = time(expires) else { return Some(None) };
        let is_own = front.get(STATE_LENGTH..) == Some(first_line(id).as_bytes());
        is_own.then(|| Some((part, expires, state::seen(&front), state::creator(&front))))
    }
}

/// How long the conversation has left, and when it expires by the server's clock. `None` if
/// there is no conversation.
pub(super) struct TimeLeft;

impl Command for TimeLeft {
    type Reply = Option<(Duration, SystemTime)>;

    /// In this order, a write between the two makes the clock early, which leads to one more look
    /// and to no missed expiry.
    fn request(&self, id: &ConversationId, _: Attempt) -> Request {
        Request::pipeline([read_command("PTTL", id), read_command("PEXPIRETIME", id)])
    }

    fn parse(&self, _: &ConversationId, replies: Vec<Value>) -> Option<Self::Reply> {
        let [Value::Int(left), Value::Int(expires)] = exactly(replies)? else { return None };
        Some(u64::try_from(left).ok().map(Duration::from_millis).zip(time(expires)))
    }
}

/// A time from Redis, which tells it in milliseconds since 1970, and by a negative number that
/// there is no key.
fn time(milliseconds: i64) -> Option<SystemTime> {
    let since_1970 = Duration::from_millis(u64::try_from(milliseconds).ok()?);
    Some(SystemTime::UNIX_EPOCH + since_1970)
}

/// A command on the conversation's key, with room for further arguments.
fn read_command(name: &str, id: &ConversationId) -> Cmd {
    let mut command = Cmd::with_capacity(MAX_ARGUMENTS, ARGUMENT_BYTES);
    command.arg(name).arg(conversation_key(id));
    command
}

/// Reads the bytes from `start` to before `end`.
fn getrange(id: &ConversationId, start: usize, end: usize) -> Cmd {
    let mut command = read_command("GETRANGE", id);
    command.arg(start).arg(end - 1);
    command
}
