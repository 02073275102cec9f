//! A panic ends one request, not the process, and is told like any other bug.

use std::future::ready;
use std::panic::AssertUnwindSafe;

use futures_util::{FutureExt, StreamExt};
use shared::answer::{Answer, Body, Pieces};
use shared::error::Error;

/// What handling a request ends in, where a panic is an [`Error::Internal`].
///
/// A panic lets the stores' locks go without poisoning them, so that other requests go on.
pub(crate) async fn caught(
    request_id: &str,
    handling: impl Future<Output = Result<Answer, Error>>,
) -> Result<Answer, Error> {
    match AssertUnwindSafe(handling).catch_unwind().await {
        Ok(outcome) => outcome.map(|answer| answer.map(|body| guarded(request_id, body))),
        Err(_) => Err(Error::Internal("the handler panicked".into())),
    }
}

/// A stream's panic comes when its status has been sent: all that is left is to end it.
fn guarded(request_id: &str, body: Body) -> Body {
    let pieces = match body {
        Body::Whole(_) => return body,
        Body::Stream(pieces) => pieces,
    };
    let request_id = request_id.to_owned();
    let guarded: Pieces =
        Box::pin(AssertUnwindSafe(pieces).catch_unwind().filter_map(move |piece| {
            if piece.is_err() {
                tracing::error!(request_id, "the stream panicked");
            }
            ready(piece.ok())
        }));
    Body::Stream(guarded)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::stream::iter;
    use shared::answer::event_stream;

    use super::*;

    #[tokio::test]
    async fn a_stream_that_panics_ends_with_what_it_had() {
        let pieces = iter(0..3).map(|number| match number {
            0 => Bytes::from_static(b"first"),
            _ => panic!("at the second piece"),
        });
        let answer = caught("id", async { Ok(event_stream(Box::pin(pieces))) }).await.unwrap();
        let Body::Stream(pieces) = answer.into_body() else { panic!("no stream") };
        assert_eq!(pieces.collect::<Vec<_>>().await, ["first"]);
    }
}
