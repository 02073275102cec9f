//! `GET /api/conversations/{conversationId}`, in three ways: all messages, the changes since a
//! cursor, and a stream of events.

mod changes;
mod event_stream;
mod event_text;
mod long_poll;
mod snapshot;

use shared::domain::cursor::Cursor;
use shared::error::Error;
use tokio::time::Instant;

use crate::auth::authorize;
use crate::http::following::{
    accepts_event_stream, after, hold_until, last_event_id, token_end, wait,
};
use crate::http::request::Request;
use crate::http::response::Response;
use crate::state::{AppState, StreamMode};

pub(crate) async fn handle(state: &AppState, request: &Request) -> Result<Response, Error> {
    // Waiting counts from here, however long Redis takes first.
    let start = Instant::now();
    let (principal, conversation) = authorize(state, request)?;
    let after = after(request)?;
    let wait = wait(request)?;

    if accepts_event_stream(request) {
        let after = last_event_id(request)?.or(after).unwrap_or(Cursor::START);
        return match state.stream_mode {
            StreamMode::Live => {
                let end = token_end(&principal);
                event_stream::respond(&state.store, conversation, after, end).await
            }
            StreamMode::LongPoll { hold, retry } => {
                let until = hold_until(request, &principal, start, hold);
                long_poll::respond(&state.store, conversation, after, until, retry).await
            }
        };
    }
    match after {
        Some(after) => {
            let until = hold_until(request, &principal, start, state.bounded(wait));
            changes::respond(state, conversation, after, until).await
        }
        None => snapshot::respond(&state.store, conversation, &request.headers).await,
    }
}
