//! `GET /api/conversations`: the conversations that wait for an agent, listed, waited for, or as a
//! stream.

mod event_stream;
mod long_poll;
mod text;

use http::StatusCode;
use shared::domain::queue::{DEFAULT_LIMIT, LIMITS, QueueCursor, Waiting};
use shared::error::Error;
use shared::store::queue::{Known, Next, Queue};
use tokio::time::Instant;

use crate::auth::authorize_queue;
use crate::http::following::{
    accepts_event_stream, after, hold_until, last_event_id, token_end, wait,
};
use crate::http::request::Request;
use crate::http::response::{self, Response};
use crate::state::{AppState, StreamMode};

pub(crate) async fn handle(state: &AppState, request: &Request) -> Result<Response, Error> {
    let start = Instant::now();
    let Some(queue) = &state.queue else {
        return Err(Error::MethodNotAllowed("POST".to_owned()));
    };
    let principal = authorize_queue(state, request)?;
    let limit = limit(request)?;
    let after: Option<QueueCursor> = after(request)?;
    let wait = wait(request)?;

    if accepts_event_stream(request) {
        let known = last_event_id(request)?.or(after);
        return match state.stream_mode {
            StreamMode::Live => {
                event_stream::respond(queue, known, limit, token_end(&principal)).await
            }
            StreamMode::LongPoll { hold, retry } => {
                let until = hold_until(request, &principal, start, hold);
                long_poll::respond(queue, known, limit, until, retry).await
            }
        };
    }
    let until = hold_until(request, &principal, start, state.bounded(wait));
    let waiting = changed(queue, after, limit, until).await?;
    Ok(response::json(StatusCode::OK, text::json(&waiting, limit)))
}

/// Returns the queue once it is not as it was at the version that is known, or when the time is over.
async fn changed(
    queue: &Queue,
    known: Option<QueueCursor>,
    limit: usize,
    until: Instant,
) -> Result<Waiting, Error> {
    let waiting = queue.list(limit).await?;
    if known != Some(waiting.cursor) || until <= Instant::now() {
        return Ok(waiting);
    }
    let mut follower = queue.follow(limit);
    let next = follower.next(Known::Read(waiting.cursor), until).await;
    // Lambda freezes the function then, and Redis would buffer for it.
    follower.close().await;
    match next? {
        Next::Changed(changed) => Ok(Waiting::clone(&changed)),
        Next::Unchanged | Next::Ended => Ok(waiting),
    }
}

fn limit(request: &Request) -> Result<usize, Error> {
    let Some(text) = request.query_parameter("limit") else { return Ok(DEFAULT_LIMIT) };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(limit) if digits && LIMITS.contains(&limit) => Ok(limit),
        _ => Err(Error::InvalidLimit),
    }
}
