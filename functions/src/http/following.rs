//! What a request to follow says: where it stands, how it is to be answered, and how long it may be
//! held.

use std::str::FromStr;
use std::time::{Duration, SystemTime};

use http::HeaderName;
use http::header::ACCEPT;
use shared::auth::principal::Principal;
use shared::domain::limits::MAX_WAIT_SECONDS;
use shared::error::Error;
use tokio::time::Instant;

use crate::http::request::Request;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The time that a response takes once waiting has ended: a trip to Redis may have begun just
/// before.
const TIME_TO_RESPOND: Duration = Duration::from_secs(3);

/// Parses `wait`, the time for which to hold the response.
pub(crate) fn wait(request: &Request) -> Result<Duration, Error> {
    let Some(text) = request.query_parameter("wait") else { return Ok(Duration::ZERO) };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(seconds) if digits && seconds <= MAX_WAIT_SECONDS => Ok(Duration::from_secs(seconds)),
        _ => Err(Error::InvalidWait),
    }
}

/// Parses `after`, the version that the client knows.
pub(crate) fn after<C: FromStr<Err = Error>>(request: &Request) -> Result<Option<C>, Error> {
    request.query_parameter("after").map(str::parse).transpose()
}

/// Parses `Last-Event-ID`. A browser that connects for the first time sends no id, or an empty one.
pub(crate) fn last_event_id<C: FromStr<Err = Error>>(
    request: &Request,
) -> Result<Option<C>, Error> {
    match request.headers.get(LAST_EVENT_ID) {
        Some(id) if !id.is_empty() => {
            let text = id.to_str().map_err(|_| Error::InvalidCursor)?;
            text.parse().map(Some)
        }
        _ => Ok(None),
    }
}

/// Whether `Accept` names event streams, with a weight other than 0 (RFC 9110, section 12.4.2).
pub(crate) fn accepts_event_stream(request: &Request) -> bool {
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

/// Returns until when a response may be held that is to be held for some time: early enough to respond
/// before the request's deadline, and no longer than the principal's token is valid.
pub(crate) fn hold_until(
    request: &Request,
    principal: &Principal,
    start: Instant,
    hold: Duration,
) -> Instant {
    let latest = request.deadline.and_then(|deadline| deadline.checked_sub(TIME_TO_RESPOND));
    let ends = [latest, token_end(principal)].into_iter().flatten();
    ends.fold(start + hold, Instant::min)
}

/// Returns when the principal's token ends; `None` if never, or beyond what can be waited for.
pub(crate) fn token_end(principal: &Principal) -> Option<Instant> {
    let left = principal.ends()?.duration_since(SystemTime::now()).unwrap_or_default();
    Instant::now().checked_add(left)
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
        let until = |limit: Option<u64>| {
            let deadline = limit.map(|seconds| now + Duration::from_secs(seconds));
            let request = Request { deadline, ..Request::default() };
            hold_until(&request, &Principal::Anonymous, now, Duration::from_secs(25))
        };
        assert!(until(Some(1)) < now);
        assert_eq!(until(Some(10)), now + Duration::from_secs(7));
        let held = now + Duration::from_secs(25);
        assert_eq!(until(Some(3600)), held);
        assert_eq!(until(None), held);
    }
}
