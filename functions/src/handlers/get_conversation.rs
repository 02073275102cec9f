//! `GET /api/conversations/{conversationId}`, in three ways: all messages, the changes since a
//! cursor, and a stream of events.

mod changes;
mod event_stream;
mod event_text;
mod long_poll;
mod snapshot;

use std::time::{Duration, SystemTime};

use http::HeaderName;
use http::header::ACCEPT;
use shared::domain::cursor::Cursor;
use shared::domain::limits::MAX_WAIT_SECONDS;
use shared::error::Error;
use tokio::time::Instant;

use crate::auth::authorize;
use crate::http::request::Request;
use crate::http::response::Response;
use crate::state::{AppState, StreamMode};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The time that a response takes once waiting has ended: a trip to Redis may have begun just
/// before.
const TIME_TO_RESPOND: Duration = Duration::from_secs(3);

pub(crate) async fn handle(state: &AppState, request: &Request) -> Result<Response, Error> {
    // Waiting counts from here, however long Redis takes first.
    let start = Instant::now();
    let (principal, conversation) = authorize(state, request)?;
    let token_end = principal.ends().and_then(instant_of);
    let after = request.query_parameter("after").map(str::parse).transpose()?;
    let wait = wait(request)?;

    if accepts_event_stream(request) {
        let after = last_event_id(request)?.or(after).unwrap_or(Cursor::START);
        return match state.stream_mode {
            StreamMode::Live => {
                event_stream::respond(&state.store, conversation, after, token_end).await
            }
            StreamMode::LongPoll { hold, retry } => {
                let until = earlier(within_deadline(request, start + hold), token_end);
                long_poll::respond(&state.store, conversation, after, until, retry).await
            }
        };
    }
    match after {
        Some(after) => {
            let wait = match state.stream_mode {
                StreamMode::Live => wait,
                StreamMode::LongPoll { hold, .. } => wait.min(hold),
            };
            let until = earlier(within_deadline(request, start + wait), token_end);
            changes::respond(state, conversation, after, until).await
        }
        None => snapshot::respond(&state.store, conversation, &request.headers).await,
    }
}

fn wait(request: &Request) -> Result<Duration, Error> {
    let Some(text) = request.query_parameter("wait") else { return Ok(Duration::ZERO) };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(seconds) if digits && seconds <= MAX_WAIT_SECONDS => Ok(Duration::from_secs(seconds)),
        _ => Err(Error::InvalidWait),
    }
}

/// A browser that connects for the first time sends no id, or an empty one.
fn last_event_id(request: &Request) -> Result<Option<Cursor>, Error> {
    match request.headers.get(LAST_EVENT_ID) {
        Some(id) if !id.is_empty() => {
            let text = id.to_str().map_err(|_| Error::InvalidCursor)?;
            text.parse().map(Some)
        }
        _ => Ok(None),
    }
}

/// Whether `Accept` names event streams, with a weight other than 0 (RFC 9110, section 12.4.2).
fn accepts_event_stream(request: &Request) -> bool {
    let accepted = request.headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut types = accepted.flat_map(|types| types.split(','));
    types.any(|accepted| {
        let mut parts = accepted.split(';').map(str::trim);
        let is_event_stream =
            parts.next().is_some_and(|name| name.eq_ignore_ascii_case("text/event-stream"));
        let refused = parts.any(|parameter| {
            let weight = parameter.strip_prefix(['q', 'Q']).map(str::trim_start);
            let weight = weight.and_then(|rest| rest.strip_prefix('='));
            weight.is_some_and(|weight| weight.trim().parse() == Ok(0.0))
        });
        is_event_stream && !refused
    })
}

/// Returns when the clock will show a time; `None` if that is beyond what can be waited for.
fn instant_of(time: SystemTime) -> Option<Instant> {
    let left = time.duration_since(SystemTime::now()).unwrap_or_default();
    Instant::now().checked_add(left)
}

fn earlier(until: Instant, end: Option<Instant>) -> Instant {
    end.map_or(until, |end| until.min(end))
}

/// Returns the end of waiting, early enough to respond before the request's deadline.
fn within_deadline(request: &Request, until: Instant) -> Instant {
    let latest = request.deadline.and_then(|deadline| deadline.checked_sub(TIME_TO_RESPOND));
    earlier(until, latest)
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::*;

    #[test]
    fn an_event_stream_is_what_is_asked_for_with_any_weight_but_0() {
        let accepts = |value| {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(value))]);
            accepts_event_stream(&Request { headers, ..Request::default() })
        };
        for wanted in [
            "text/event-stream",
            "Text/Event-Stream; charset=utf-8",
            "text/html, text/event-stream;q=0.1",
            "text/event-stream;q=1.0",
        ] {
            assert!(accepts(wanted), "{wanted}");
        }
        for unwanted in [
            "*/*",
            "text/event-stream;q=0",
            "text/event-stream ; Q=0.000",
            "text/event-stream;charset=utf-8; q=0.0, application/json",
        ] {
            assert!(!accepts(unwanted), "{unwanted}");
        }
    }

    #[test]
    fn a_request_is_never_held_past_the_time_limit_of_its_function() {
        let now = Instant::now();
        let wait = now + Duration::from_secs(25);
        let until = |limit: Option<u64>| {
            let deadline = limit.map(|seconds| now + Duration::from_secs(seconds));
            within_deadline(&Request { deadline, ..Request::default() }, wait)
        };
        assert!(until(Some(1)) < now);
        assert_eq!(until(Some(10)), now + Duration::from_secs(7));
        assert_eq!(until(Some(3600)), wait);
        assert_eq!(until(None), wait);
    }
}
