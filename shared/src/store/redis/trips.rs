//! What is asked of Redis in one trip, and how its replies are held to be a conversation's own.

use std::time::{Duration, SystemTime};

use redis::{Cmd, Pipeline, Value};

use super::client::Operation;
use super::connection::Request;
use super::keys::conversation_key;
use super::reply::failure;
use crate::domain::conversation::ConversationId;
use crate::error::Error;
use crate::event_log::line::MAX_LINE_BYTES;
use crate::event_log::state::STATE_LENGTH;
use crate::event_log::{FRONT_LENGTH, first_line};

/// Bytes that Redis answers with at a time: what it keeps for a reader who does not take them.
pub(super) const PIECE: usize = 256 * 1024;
const _: () = assert!(PIECE > MAX_LINE_BYTES as usize);

/// Room for the longest command, so that building it never moves it.
const MAX_ARGUMENTS: usize = 4;
const ARGUMENT_BYTES: usize = 96;

/// A time that Redis tells in milliseconds.
pub(super) fn time(milliseconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds)
}

/// A command that reads, with room for what more it takes.
pub(super) fn reading(name: &str, id: &ConversationId) -> Cmd {
    let mut command = Cmd::with_capacity(MAX_ARGUMENTS, ARGUMENT_BYTES);
    command.arg(name).arg(conversation_key(id));
    command
}

/// Reads the bytes from `start` to before `end`.
fn range(id: &ConversationId, start: usize, end: usize) -> Cmd {
    let mut command = reading("GETRANGE", id);
    command.arg(start).arg(end - 1);
    command
}

pub(super) fn commands<const N: usize>(commands: [Cmd; N]) -> Request {
    let mut pipeline = Pipeline::with_capacity(N);
    for command in commands {
        pipeline.add_command(command);
    }
    Request::Commands(pipeline)
}

/// The log's beginning, which is all of it where it is shorter than a piece.
pub(super) async fn first_piece(
    operation: &mut Operation<'_>,
    id: &ConversationId,
) -> Result<Vec<u8>, Error> {
    let own = first_line(id);
    let parse = |replies| match replies_of(replies)? {
        [Value::BulkString(log)] if log.is_empty() || log.starts_with(own.as_bytes()) => Some(log),
        _ => None,
    };
    let request = |_| Request::Command(range(id, STATE_LENGTH, STATE_LENGTH + PIECE));
    let log = operation.run(request, parse).await.map_err(failure)?;
    if log.is_empty() { Err(Error::ConversationNotFound) } else { Ok(log) }
}

/// How many bytes there are of a conversation.
pub(super) async fn length(
    operation: &mut Operation<'_>,
    id: &ConversationId,
) -> Result<usize, Error> {
    let parse = |replies| match replies_of(replies)? {
        [Value::Int(length)] => usize::try_from(length).ok(),
        _ => None,
    };
    let request = |_| Request::Command(reading("STRLEN", id));
    match operation.run(request, parse).await.map_err(failure)? {
        0 => Err(Error::ConversationNotFound),
        length => Ok(length),
    }
}

/// The same, and when it expires, in milliseconds since 1970.
pub(super) async fn length_and_expiry(
    operation: &mut Operation<'_>,
    id: &ConversationId,
) -> Result<(usize, u64), Error> {
    let request = |_| commands([reading("STRLEN", id), reading("PEXPIRETIME", id)]);
    let parse = |replies| match replies_of(replies)? {
        [Value::Int(length), Value::Int(expires)] => {
            Some(u64::try_from(expires).ok().zip(usize::try_from(length).ok()))
        }
        _ => None,
    };
    let found = operation.run(request, parse).await.map_err(failure)?;
    found.map(|(expires, length)| (length, expires)).ok_or(Error::ConversationNotFound)
}

/// The bytes from `start` to before `end`, and when the conversation expires. They are held to be
/// its own by its first line, which comes with them.
pub(super) async fn tail(
    operation: &mut Operation<'_>,
    id: &ConversationId,
    start: usize,
    end: usize,
) -> Result<(Vec<u8>, u64), Error> {
    // The expiry last, so that it is never older than the lines.
    let request = |_| {
        let front = range(id, 0, FRONT_LENGTH);
        commands([front, range(id, start, end), reading("PEXPIRETIME", id)])
    };
    let own = first_line(id);
    let parse = |replies| match replies_of(replies)? {
        [Value::BulkString(_), Value::BulkString(_), Value::Int(none)] if none < 0 => Some(None),
        [Value::BulkString(front), Value::BulkString(part), Value::Int(expires)]
            if front.get(STATE_LENGTH..) == Some(own.as_bytes()) =>
        {
            Some(Some((part, expires as u64)))
        }
        _ => None,
    };
    let found = operation.run(request, parse).await.map_err(failure)?;
    found.ok_or(Error::ConversationNotFound)
}

pub(super) fn replies_of<const N: usize>(replies: Vec<Value>) -> Option<[Value; N]> {
    replies.try_into().ok()
}
