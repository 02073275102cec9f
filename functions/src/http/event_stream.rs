//! Server-sent events (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).

use std::fmt::{Display, Write};
use std::time::Duration;

use futures_util::StreamExt;
use tokio::time::{Instant, sleep_until};

use crate::http::body::ByteStream;

/// Milliseconds after which a browser asks again if the store could not be reached. After an error
/// status it would never ask again.
pub(crate) const RETRY_UNAVAILABLE: &str = "retry: 3000\n\n";
/// A comment, which keeps proxies from closing a connection on which nothing happens.
pub(crate) const COMMENT: &str = ":\n\n";

/// How often a stream sends something.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(15);
/// The pause before a store that could not be reached is asked again.
pub(crate) const STORE_RETRY_DELAY: Duration = Duration::from_secs(1);

/// Appends an event. JSON escapes line feeds, so `data` is always one line.
pub(crate) fn push_event(text: &mut String, id: &impl Display, event: &str, data: &str) {
    // Writing into a string cannot fail.
    let _ = write!(text, "id: {id}\nevent: {event}\ndata: {data}\n\n");
}

/// Ends a stream with its token, whatever the stream is waiting for, be it a store that does not
/// answer.
pub(crate) fn until_token_ends(stream: ByteStream, end: Option<Instant>) -> ByteStream {
    match end {
        None => stream,
        Some(end) => Box::pin(stream.take_until(sleep_until(end))),
    }
}
