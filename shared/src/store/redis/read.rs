//! Reading: in one trip where it fits one piece, else in several up to where the conversation stood.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use redis::Value;
use tokio::time::Instant;

use super::RedisStore;
use super::client::Operation;
use super::reply::failure;
use super::trips::{
    PIECE, commands, first_piece, length, length_and_expiry, reading, replies_of, tail, time,
};
use crate::domain::conversation::ConversationId;
use crate::domain::cursor::{Cursor, KnownVersions};
use crate::error::Error;
use crate::event_log::read::{lines_after_cursor, whole_lines};
use crate::event_log::state::STATE_LENGTH;
use crate::event_log::{cursor_at, offset_of};
use crate::store::reader::StoreClock;
use crate::store::{Read, Tail};

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
