//! A conversation as server-sent events.

mod text;

use std::fmt::Write;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::stream::unfold;
use shared::answer::{self, Answer};
use shared::conversation::ConversationId;
use shared::cursor::Cursor;
use shared::error::Error;
use shared::event_log::line::MAX_LINE_BYTES;
use shared::store::Tail;
use shared::store::reader::{ConversationReader, Next};
use tokio::time::{Instant, sleep};

use self::text::{COMMENT, RETRY, RETRY_UNAVAILABLE, push_event, push_events, push_expires};
use crate::service::{Service, Streams};

/// Bytes of the log that one piece of an open stream is made of: what a client that does not read
/// makes the router keep.
const OPEN_PIECE: u32 = MAX_LINE_BYTES;
/// Bytes of the log that go into one batch; well below what Lambda lets through.
const BATCH: u32 = 1024 * 1024;

/// How often an open stream says something.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// How long to leave a store alone that could not be reached.
const STORE_RETRY_DELAY: Duration = Duration::from_secs(1);

/// Streams from a cursor on; `deadline` is until when a batch is waited for.
pub(super) async fn answer(
    service: &Service,
    conversation: ConversationId,
    start: Cursor,
    deadline: Instant,
) -> Result<Answer, Error> {
    let batched = service.streams == Streams::Batched;
    let mut stream = EventStream {
        reader: Some(ConversationReader::new(&service.store, conversation, start)),
        deadline: batched.then_some(deadline),
        expires: None,
        ended: false,
        text: String::new(),
        shared: None,
    };
    // Read before answering: what is wrong with the request is an error, not a stream.
    match stream.read_now().await {
        Ok(()) if batched => stream.text.insert_str(0, RETRY),
        Err(Error::StoreUnavailable(cause)) => {
            tracing::error!(%cause, "an event stream waits for the store");
            stream.text = [RETRY_UNAVAILABLE, COMMENT].concat();
            stream.ended = batched;
        }
        result => result?,
    }
    Ok(answer::event_stream(Box::pin(unfold(stream, EventStream::next))))
}

struct EventStream {
    /// `None` once it was closed.
    reader: Option<ConversationReader>,
    /// Until when a batch is waited for; `None` for a stream that is held open.
    deadline: Option<Instant>,
    /// What the client was told last of the expiry; `None` before it was told anything.
    expires: Option<SystemTime>,
    ended: bool,
    /// What is to be sent next.
    text: String,
    /// What is to be sent next to all who follow.
    shared: Option<Bytes>,
}

impl EventStream {
    /// Sends what there is to be sent, and waits for more.
    async fn next(mut self) -> Option<(Bytes, Self)> {
        if self.text.is_empty() && !self.ended {
            let result = match self.expires {
                None => self.read_now().await,
                Some(_) => self.wait().await,
            };
            self.handle(result).await;
        }
        if self.ended
            && self.deadline.is_some()
            && let Some(reader) = self.reader.take()
        {
            // Before the function is frozen: Redis would keep for it all that is published.
            reader.close().await;
        }
        let text = match self.shared.take() {
            Some(shared) => shared,
            None => std::mem::take(&mut self.text).into(),
        };
        if text.is_empty() { None } else { Some((text, self)) }
    }

    /// Handles what an attempt to read on ended in.
    async fn handle(&mut self, result: Result<(), Error>) {
        match result {
            Ok(()) => {}
            Err(Error::ConversationNotFound) => {
                let cursor = self.cursor();
                push_event(&mut self.text, cursor, "expired", "{}");
                self.ended = true;
            }
            Err(Error::StoreUnavailable(_)) if self.deadline.is_some() => {
                self.text.push_str(RETRY_UNAVAILABLE);
                self.ended = true;
            }
            Err(Error::StoreUnavailable(_)) => {
                // The log outlives the way to it: the stream goes on from its cursor.
                sleep(STORE_RETRY_DELAY).await;
                self.text.push_str(COMMENT);
            }
            // The cursor was never given out, which could not be told before.
            Err(Error::InvalidCursor) => self.ended = true,
            Err(error) => {
                tracing::error!(cause = ?error, "an event stream broke");
                self.ended = true;
            }
        }
    }

    /// Begins the stream with the expiry and what there is already.
    async fn read_now(&mut self) -> Result<(), Error> {
        let limit = self.limit();
        let Some(reader) = &mut self.reader else { return Ok(()) };
        let start = reader.cursor();
        let tail = reader.now(limit).await?;
        self.push_expires(start, tail.expires);
        self.push_lines(start, &tail);
        Ok(())
    }

    /// Waits for what happens next.
    async fn wait(&mut self) -> Result<(), Error> {
        let limit = self.limit();
        let deadline = self.deadline.unwrap_or_else(|| Instant::now() + HEARTBEAT);
        let Some(reader) = &mut self.reader else { return Ok(()) };
        let next = reader.next(deadline, limit).await?;
        match next {
            Next::Happened(start, tail) => self.push_happened(start, tail),
            Next::Nothing => {
                self.text.push_str(COMMENT);
                self.ended = self.deadline.is_some();
            }
            Next::Ended => self.ended = true,
        }
        Ok(())
    }

    /// What happened, and the expiry that it moved; as text that was made once for all who follow.
    fn push_happened(&mut self, start: Cursor, tail: Tail) {
        match &tail.rendered {
            Some(rendered) if self.text.is_empty() && self.expires != Some(tail.expires) => {
                let cursor = self.cursor();
                let render = || {
                    let mut text = String::new();
                    push_events(&mut text, start, &tail);
                    push_expires(&mut text, cursor, tail.expires);
                    text.into()
                };
                self.shared = Some(rendered.get_or_init(render).clone());
                self.expires = Some(tail.expires);
                self.ended = self.deadline.is_some();
            }
            _ => {
                self.push_lines(start, &tail);
                self.push_expires(self.cursor(), tail.expires);
            }
        }
    }

    fn limit(&self) -> u32 {
        if self.deadline.is_some() { BATCH } else { OPEN_PIECE }
    }

    fn cursor(&self) -> Cursor {
        self.reader.as_ref().map_or(Cursor::START, ConversationReader::cursor)
    }

    /// The events in some lines; and up to where they reach, which the last event may not tell.
    fn push_lines(&mut self, start: Cursor, tail: &Tail) {
        let end = start.advanced_by(tail.lines.len());
        let last = push_events(&mut self.text, start, tail);
        if last != end {
            // Writing into a string cannot fail.
            let _ = write!(self.text, "id: {end}\n\n");
        }
        self.ended |= self.deadline.is_some() && !tail.lines.is_empty();
    }

    /// Tells the expiry, where it has moved.
    fn push_expires(&mut self, cursor: Cursor, expires: SystemTime) {
        if self.expires.replace(expires) != Some(expires) {
            push_expires(&mut self.text, cursor, expires);
        }
    }
}
