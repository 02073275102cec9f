//! An event stream that counts what it sends.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use functions::http::body::ByteStream;
use futures_util::Stream;

use super::StreamMetrics;

/// A stream that counts as open until it is dropped.
pub struct CountedStream {
    stream: ByteStream,
    metrics: StreamMetrics,
    opened: Instant,
}

impl CountedStream {
    pub fn new(stream: ByteStream, metrics: StreamMetrics) -> Self {
        metrics.open.inc();
        Self { stream, metrics, opened: Instant::now() }
    }
}

impl Stream for CountedStream {
    type Item = Bytes;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let Self { stream, metrics, .. } = self.get_mut();
        let polled = stream.as_mut().poll_next(context);
        if let Poll::Ready(Some(piece)) = &polled {
            metrics.events.inc_by(events(piece));
        }
        polled
    }
}

impl Drop for CountedStream {
    fn drop(&mut self) {
        self.metrics.open.dec();
        self.metrics.durations.observe(self.opened.elapsed().as_secs_f64());
    }
}

/// How many events a piece of a stream holds. Each has one line with its name, and no other line
/// begins so: its data are JSON in one line.
fn events(piece: &[u8]) -> u64 {
    piece.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"event: ")).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_counted_and_comments_and_content_are_not() {
        for (text, count) in [
            (":\n\n", 0),
            ("retry: 3000\n\n:\n\n", 0),
            ("id: 7\n\n", 0),
            ("id: 7\nevent: message\ndata: {\"content\":\"\\nevent: x\"}\n\n", 1),
            ("event: typing\ndata: {}\n\nid: 7\nevent: expires\ndata: {}\n\n", 2),
        ] {
            assert_eq!(events(text.as_bytes()), count, "{text}");
        }
    }
}
