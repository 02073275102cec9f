//! `GET /api/conversations/{conversationId}`, in three ways: all messages, what happened since a
//! cursor, and a stream of events.

mod event_stream;
mod since;
mod whole;

use std::time::{Duration, SystemTime};

use http::HeaderName;
use http::header::ACCEPT;
use lambda_http::{Request, RequestExt};
use shared::answer::Answer;
use shared::cursor::Cursor;
use shared::error::Error;
use shared::limits::MAX_WAIT_SECONDS;
use tokio::time::Instant;

use crate::route::Route;
use crate::service::Service;
use crate::speaker::entering;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// What a function needs to answer once it has stopped waiting: a trip to Redis may have begun just
/// before.
const TIME_TO_ANSWER: Duration = Duration::from_secs(3);

pub(crate) async fn handle(service: &Service, request: &Request) -> Result<Answer, Error> {
    // What is waited for counts from here, however long Redis takes first.
    let start = Instant::now();
    let (_, conversation) = entering(Route::GetConversation, service, request)?;
    let after = parameter(request, "after").map(str::parse).transpose()?;
    let wait = wait(request)?;

    if accepts_event_stream(request) {
        let after = last_event_id(request)?.or(after).unwrap_or(Cursor::START);
        let hold = within_the_time_limit(request, Duration::from_secs(MAX_WAIT_SECONDS));
        return event_stream::answer(service, conversation, after, start + hold).await;
    }
    match after {
        Some(after) => {
            let wait = within_the_time_limit(request, wait);
            since::answer(service, conversation, after, start + wait).await
        }
        None => whole::answer(&service.store, conversation, request.headers()).await,
    }
}

fn parameter<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.query_string_parameters_ref()?.first(name)
}

fn wait(request: &Request) -> Result<Duration, Error> {
    let Some(text) = parameter(request, "wait") else { return Ok(Duration::ZERO) };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(seconds) if digits && seconds <= MAX_WAIT_SECONDS => Ok(Duration::from_secs(seconds)),
        _ => Err(Error::InvalidWait),
    }
}

/// A browser that connects for the first time sends no id, or an empty one.
fn last_event_id(request: &Request) -> Result<Option<Cursor>, Error> {
    match request.headers().get(LAST_EVENT_ID) {
        Some(id) if !id.is_empty() => {
            let text = id.to_str().map_err(|_| Error::InvalidCursor)?;
            text.parse().map(Some)
        }
        _ => Ok(None),
    }
}

/// Whether `Accept` names event streams, with a weight other than 0 (RFC 9110, section 12.4.2).
fn accepts_event_stream(request: &Request) -> bool {
    let accepted = request.headers().get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
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

/// No longer than Lambda lets the function run. The local router sets no deadline: its is 0.
fn within_the_time_limit(request: &Request, wait: Duration) -> Duration {
    match request.lambda_context_ref().map(|context| context.deadline) {
        None | Some(0) => wait,
        Some(deadline) => {
            let end = SystemTime::UNIX_EPOCH + Duration::from_millis(deadline);
            let left = end.duration_since(SystemTime::now()).unwrap_or_default();
            wait.min(left.saturating_sub(TIME_TO_ANSWER))
        }
    }
}

#[cfg(test)]
mod tests {
    use lambda_http::{Body, Context};

    use super::*;

    const WAIT: Duration = Duration::from_secs(25);

    /// How long a request is held that Lambda ends after this long.
    fn held(time_limit: Duration) -> Duration {
        let deadline = (SystemTime::now() + time_limit).duration_since(SystemTime::UNIX_EPOCH);
        let mut context = Context::default();
        context.deadline = deadline.unwrap().as_millis() as u64;
        within_the_time_limit(&Request::new(Body::Empty).with_lambda_context(context), WAIT)
    }

    #[test]
    fn an_event_stream_is_what_is_asked_for_with_any_weight_but_0() {
        let accepts = |value: &'static str| {
            let mut request = Request::new(Body::Empty);
            request.headers_mut().insert(ACCEPT, http::HeaderValue::from_static(value));
            accepts_event_stream(&request)
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
        assert_eq!(held(Duration::from_secs(1)), Duration::ZERO);
        let held_of_ten = held(Duration::from_secs(10));
        assert!(held_of_ten <= Duration::from_secs(7), "{held_of_ten:?}");
        assert_eq!(held(Duration::from_secs(3600)), WAIT);
        assert_eq!(within_the_time_limit(&Request::new(Body::Empty), WAIT), WAIT);
    }
}
