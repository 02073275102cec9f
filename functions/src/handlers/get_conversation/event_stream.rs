//! A conversation as server-sent events that are sent as they happen.

use std::time::SystemTime;

use bytes::Bytes;
use futures_util::stream::unfold;
use shared::domain::conversation::ConversationId;
use shared::domain::cursor::Cursor;
use shared::domain::seen::Seen;
use shared::error::Error;
use shared::event_log::line::MAX_LINE_BYTES;
use shared::store::reader::{ConversationReader, Next};
use shared::store::{Store, Tail};
use tokio::time::{Instant, sleep};

use super::event_text::{push_events, push_expired, push_expires, push_seen, push_typing};
use crate::http::event_stream::{
    COMMENT, HEARTBEAT, RETRY_UNAVAILABLE, STORE_RETRY_DELAY, until_token_ends,
};
use crate::http::response::{self, Response};

/// Bytes of the log in one piece of the stream: what the router keeps for a client that does not
/// read.
const PIECE: u32 = MAX_LINE_BYTES;

/// Streams from a cursor on, until the conversation expires or the token ends.
pub(super) async fn respond(
    store: &Store,
    conversation: ConversationId,
    start: Cursor,
    token_end: Option<Instant>,
) -> Result<Response, Error> {
    let reader = ConversationReader::new(store, conversation, start);
    // Boxed: the future of each piece keeps room for the stream twice.
    let mut stream = Box::new(EventStream {
        reader,
        expires: None,
        seen: Seen::NOTHING,
        ended: false,
        text: Bytes::new(),
    });
    let mut unavailable = None;
    // Read before responding: what is wrong with the request is an error, not a stream.
    match stream.read_first().await {
        Ok(text) => stream.text = text.into(),
        Err(Error::StoreUnavailable(cause)) => {
            unavailable = Some(cause);
            stream.text = [RETRY_UNAVAILABLE, COMMENT].concat().into();
        }
        Err(error) => return Err(error),
    }
    let stream = Box::pin(unfold(stream, EventStream::next));
    let response = response::event_stream(until_token_ends(stream, token_end));
    Ok(response::with_unavailable(response, unavailable))
}

struct EventStream {
    reader: ConversationReader,
    /// The expiry that the client was told last; `None` before the first, and while the store is
    /// unavailable.
    expires: Option<SystemTime>,
    /// How far the client was told that the sides have seen the conversation.
    seen: Seen,
    ended: bool,
    /// What is sent first.
    text: Bytes,
}

impl EventStream {
    /// Sends what there is to be sent, or waits for it.
    async fn next(mut self: Box<Self>) -> Option<(Bytes, Box<Self>)> {
        let mut text = std::mem::take(&mut self.text);
        if text.is_empty() && !self.ended {
            text = self.read_on().await;
        }
        if text.is_empty() { None } else { Some((text, self)) }
    }

    /// Returns what is to be sent next; nothing at the end.
    async fn read_on(&mut self) -> Bytes {
        let result = match self.expires {
            // Boxed: a stream that waits would otherwise keep room for it.
            None => Box::pin(self.read_first()).await.map(Bytes::from),
            Some(_) => self.wait().await,
        };
        match result {
            Ok(text) => text,
            Err(Error::ConversationNotFound) => {
                self.ended = true;
                let mut text = String::new();
                push_expired(&mut text, self.reader.cursor());
                text.into()
            }
            Err(Error::StoreUnavailable(_)) if self.reader.has_ended() => Bytes::new(),
            Err(Error::StoreUnavailable(_)) => {
                // The client is told at once. The stream goes on from its cursor when the store is
                // back, and begins with the expiry again.
                if self.expires.take().is_none() {
                    sleep(STORE_RETRY_DELAY).await;
                }
                [RETRY_UNAVAILABLE, COMMENT].concat().into()
            }
            // The cursor was never given out, which an unavailable store could not tell before.
            Err(Error::InvalidCursor) => Bytes::new(),
            Err(error) => {
                tracing::error!(cause = ?error, "an event stream broke");
                Bytes::new()
            }
        }
    }

    /// Begins with the expiry and with what there is already.
    async fn read_first(&mut self) -> Result<String, Error> {
        let start = self.reader.cursor();
        let tail = self.reader.now(PIECE).await?;
        self.expires = Some(tail.expires);
        let mut text = String::new();
        push_expires(&mut text, start, tail.expires);
        push_events(&mut text, start, &tail);
        self.push_seen(&mut text);
        Ok(text)
    }

    /// Waits for what happens next, for a heartbeat at most.
    async fn wait(&mut self) -> Result<Bytes, Error> {
        match self.reader.next(Instant::now() + HEARTBEAT, PIECE).await? {
            Next::Happened(start, tail) => Ok(self.render(start, &tail)),
            Next::Typing(sender) => {
                let mut text = String::new();
                push_typing(&mut text, sender);
                Ok(text.into())
            }
            Next::Seen => {
                let mut text = String::new();
                self.push_seen(&mut text);
                Ok(text.into())
            }
            Next::Nothing => Ok(Bytes::from_static(COMMENT.as_bytes())),
            Next::Ended => Ok(Bytes::new()),
        }
    }

    /// Makes text of what happened, and of the expiry if it moved. For all streams that stand
    /// at the same place it is made once.
    fn render(&mut self, start: Cursor, tail: &Tail) -> Bytes {
        let expiry_moved = self.expires.replace(tail.expires) != Some(tail.expires);
        let cursor = self.reader.cursor();
        let render = || {
            let mut text = String::new();
            push_events(&mut text, start, tail);
            if expiry_moved {
                push_expires(&mut text, cursor, tail.expires);
            }
            text.into()
        };
        match &tail.rendered {
            Some(rendered) if expiry_moved => rendered.get_or_init(render).clone(),
            _ => self.with_seen(render()),
        }
    }

    /// Appends how far the sides have seen the conversation, where that was read with what happened.
    fn with_seen(&mut self, text: Bytes) -> Bytes {
        if self.seen == self.reader.seen() {
            return text;
        }
        let mut text = String::from_utf8_lossy(&text).into_owned();
        self.push_seen(&mut text);
        text.into()
    }

    fn push_seen(&mut self, text: &mut String) {
        let seen = self.reader.seen();
        push_seen(text, self.reader.cursor(), self.seen, seen);
        self.seen = seen;
    }
}
