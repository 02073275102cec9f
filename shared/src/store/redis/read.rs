//! Reading: in one round trip if the conversation fits into one piece, else in several, up to
//! the length that it had at first.

mod commands;

use std::sync::atomic::Ordering::Relaxed;

use tokio::time::Instant;

use super::operation::Operation;
use super::{RedisStore, unavailable};
use crate::domain::conversation::ConversationId;
use crate::domain::cursor::Cursor;
use crate::domain::version::KnownVersions;
use crate::error::Error;
use crate::event_log::read::{lines_after_cursor, whole_lines};
use crate::event_log::state::STATE_LENGTH;
use crate::event_log::{cursor_at, offset_of};
use crate::store::reader::StoreClock;
use crate::store::{Read, Tail};
use commands::{FirstPiece, Length, LengthAndExpiry, PIECE, Part, TimeLeft};

impl RedisStore {
    pub(in crate::store) async fn read(
        &self,
        id: &ConversationId,
        known: &KnownVersions,
    ) -> Result<Read, Error> {
        let mut operation = Operation::new(&self.client, id);
        if *known != KnownVersions::NONE {
            let cursor = cursor_at(length(&mut operation).await?);
            // A log never shrinks, so one of the same length has not changed.
            if known.contains(cursor) {
                return Ok(Read::Unchanged(cursor));
            }
        }
        let mut log = operation.run(&FirstPiece).await.map_err(unavailable)?;
        if log.is_empty() {
            return Err(Error::ConversationNotFound);
        }
        if log.len() == PIECE {
            // The first piece is read again, because a message in it may have been deleted since.
            let end = length(&mut operation).await?;
            log = read_range(&mut operation, STATE_LENGTH, end).await?;
        }
        Ok(Read::Log(log))
    }

    pub(in crate::store) async fn read_after(
        &self,
        id: &ConversationId,
        after: Cursor,
        limit: u32,
    ) -> Result<Tail, Error> {
        let mut operation = Operation::new(&self.client, id);
        // The byte before tells whether the cursor was given out.
        let start = offset_of(after) - 1;
        let limit = limit as usize;
        let first_length = limit.min(PIECE);
        let first = Part { start, end: start + first_length };
        let found = operation.run(&first).await.map_err(unavailable)?;
        let (mut part, mut expires, seen, creator) = found.ok_or(Error::ConversationNotFound)?;
        let mut is_whole = part.len() < first_length;
        if !is_whole && limit > PIECE {
            let found = operation.run(&LengthAndExpiry).await.map_err(unavailable)?;
            let (length, expires_then) = found.ok_or(Error::ConversationNotFound)?;
            let end = length.min(start + limit);
            part = read_range(&mut operation, start, end).await?;
            (expires, is_whole) = (expires_then, end == length);
        }
        let lines = lines_after_cursor(part)?;
        Ok(Tail { lines, expires, seen, creator, is_whole, rendered: None })
    }

    pub(in crate::store) async fn clock(&self, id: &ConversationId) -> Result<StoreClock, Error> {
        if self.publish_refused.load(Relaxed) {
            return Err(Error::StoreUnavailable("the user may not publish events".into()));
        }
        let found = Operation::new(&self.client, id).run(&TimeLeft).await.map_err(unavailable)?;
        let (left, time) = found.ok_or(Error::ConversationNotFound)?;
        Ok(StoreClock { time, instant: Instant::now() + left })
    }
}

async fn length(operation: &mut Operation<'_>) -> Result<usize, Error> {
    match operation.run(&Length).await.map_err(unavailable)? {
        0 => Err(Error::ConversationNotFound),
        length => Ok(length),
    }
}

/// Reads the bytes from `start` to before `end`, piece by piece. `end` was the conversation's end a
/// moment ago.
///
/// A piece that ends within a line is continued from that line's start, because the line may be
/// blanked in between.
async fn read_range(
    operation: &mut Operation<'_>,
    start: usize,
    end: usize,
) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::with_capacity(end.saturating_sub(start));
    loop {
        let from = start + bytes.len();
        let part = Part { start: from, end: end.min(from + PIECE) };
        let found = operation.run(&part).await.map_err(unavailable)?;
        let (mut piece, ..) = found.ok_or(Error::ConversationNotFound)?;
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
