//! Reading: in one trip where it fits one piece, else in several up to where the conversation stood.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, SystemTime};

use redis::{Cmd, Pipeline, Value};
use tokio::time::Instant;

use super::RedisStore;
use super::client::Operation;
use super::connection::Request;
use super::keys::conversation_key;
use super::reply::failure;
use crate::conversation::ConversationId;
use crate::cursor::{Cursor, KnownVersions};
use crate::error::Error;
use crate::event_log::line::MAX_LINE_BYTES;
use crate::event_log::read::{lines_after_cursor, whole_lines};
use crate::event_log::state::STATE_LENGTH;
use crate::event_log::{FRONT_LENGTH, cursor_at, first_line, offset_of};
use crate::store::reader::StoreClock;
use crate::store::{Read, Tail};

/// Bytes that Redis answers with at a time: what it keeps for a reader who does not take them.
const PIECE: usize = 256 * 1024;
const _: () = assert!(PIECE > MAX_LINE_BYTES as usize);

/// Room for the longest command, so that building it never moves it.
const MAX_ARGUMENTS: usize = 4;
const ARGUMENT_BYTES: usize = 96;

impl RedisStore {
    pub(in crate::store) async fn read(
        &self,
        id: &ConversationId,
        known: &KnownVersions,
    ) -> Result<Read, Error> {
        let mut operation = self.client.operation(id);
        if *known != KnownVersions::NONE {
            let cursor = cursor_at(length(&mut operation, id).await?);
            // A log never shrinks: one that is as long as the reader's is the reader's.
            if known.contains(cursor) {
                return Ok(Read::Unchanged(cursor));
            }
        }
        let mut log = first_piece(&mut operation, id).await?;
        if log.len() == PIECE {
            // Anew, up to where it stands now: of what was just read a message may be deleted.
            let end = length(&mut operation, id).await?;
            log = read_to(&mut operation, id, STATE_LENGTH, end).await?;
        }
        Ok(Read::Log(log))
    }

    pub(in crate::store) async fn read_after(
        &self,
        id: &ConversationId,
        after: Cursor,
        limit: u32,
    ) -> Result<Tail, Error> {
        let mut operation = self.client.operation(id);
        // The byte before tells whether the cursor was given out.
        let start = offset_of(after) - 1;
        let limit = limit as usize;
        let asked = limit.min(PIECE);
        let (mut part, mut expires) = tail(&mut operation, id, start, start + asked).await?;
        let mut is_whole = part.len() < asked;
        if !is_whole && limit > PIECE {
            let (length, expires_then) = length_and_expiry(&mut operation, id).await?;
            let end = length.min(start + limit);
            part = read_to(&mut operation, id, start, end).await?;
            (expires, is_whole) = (expires_then, end == length);
        }
        let lines = lines_after_cursor(part)?;
        Ok(Tail { lines, expires: time(expires), is_whole, rendered: None })
    }

    pub(in crate::store) async fn clock(&self, id: &ConversationId) -> Result<StoreClock, Error> {
        if self.publish_refused.load(Relaxed) {
            return Err(Error::StoreUnavailable("the user may not publish what happens".into()));
        }
        // In this order: a write in between makes the clock one that is early, and looked at again.
        let request = |_| commands([reading("PTTL", id), reading("PEXPIRETIME", id)]);
        let parse = |replies| match replies_of(replies)? {
            [Value::Int(left), Value::Int(expires)] => {
                Some(u64::try_from(expires).ok().zip(u64::try_from(left).ok()))
            }
            _ => None,
        };
        let found = self.client.operation(id).run(request, parse).await.map_err(failure)?;
        let (expires, left) = found.ok_or(Error::ConversationNotFound)?;
        let instant = Instant::now() + Duration::from_millis(left);
        Ok(StoreClock { time: time(expires), instant })
    }
}

/// A time that Redis tells in milliseconds.
pub(super) fn time(milliseconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds)
}

/// A command that reads, with room for what more it takes.
fn reading(name: &str, id: &ConversationId) -> Cmd {
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

fn commands<const N: usize>(commands: [Cmd; N]) -> Request {
    let mut pipeline = Pipeline::with_capacity(N);
    for command in commands {
        pipeline.add_command(command);
    }
    Request::Commands(pipeline)
}

/// The log's beginning, which is all of it where it is shorter than a piece.
async fn first_piece(operation: &mut Operation<'_>, id: &ConversationId) -> Result<Vec<u8>, Error> {
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
async fn length(operation: &mut Operation<'_>, id: &ConversationId) -> Result<usize, Error> {
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
async fn length_and_expiry(
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
async fn tail(
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

/// The bytes from `start` to before `end`, where the conversation ended a moment ago.
///
/// A piece that ends within a line is read on from that line's beginning: meanwhile it may be
/// blanked.
async fn read_to(
    operation: &mut Operation<'_>,
    id: &ConversationId,
    start: usize,
    end: usize,
) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::with_capacity(end.saturating_sub(start));
    loop {
        let from = start + bytes.len();
        let (mut piece, _) = tail(operation, id, from, end.min(from + PIECE)).await?;
        if from + piece.len() < end {
            piece.truncate(whole_lines(&piece));
        }
        if piece.is_empty() {
            return Err(Error::ConversationNotFound);
        }
        bytes.append(&mut piece);
        if start + bytes.len() >= end {
            return Ok(bytes);
        }
    }
}

fn replies_of<const N: usize>(replies: Vec<Value>) -> Option<[Value; N]> {
    replies.try_into().ok()
}
