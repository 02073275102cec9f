use std::io;
use std::sync::{Arc, Mutex};

use futures_util::StreamExt;
use futures_util::stream::iter;
use http::StatusCode;
use serde_json::Value;
use tracing::level_filters::LevelFilter;

use super::*;
use crate::http::response::event_stream;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Collects what this thread logs from now on.
    fn collect() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = shared::logging::json(LevelFilter::INFO, move || writer.clone());
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn lines(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_handler_that_panics_is_a_logged_500_that_says_nothing_of_its_cause() {
    let (log, _logging) = Log::collect();
    let panicking = async { panic!("the cause") };
    let response = respond("the-request", Some(Route::GetConversation), panicking).await;

    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(response.headers()[REQUEST_ID], "the-request");
    let Body::Whole(body) = response.into_body() else { panic!("a stream") };
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["code"], "internal");
    assert!(!body.to_string().contains("cause"), "{body}");

    let lines = log.lines();
    assert!(lines.iter().all(|line| line["request_id"] == "the-request"), "{lines:?}");
    assert!(lines.iter().any(|line| line["level"] == "ERROR"), "{lines:?}");
    assert!(lines.iter().any(|line| line["status"] == 500), "{lines:?}");
}

#[tokio::test]
async fn a_stream_that_panics_ends_with_what_it_had_and_is_logged_when_it_has_ended() {
    let (log, _logging) = Log::collect();
    let pieces = iter(0..3).map(|number| match number {
        0 => Bytes::from_static(b"first"),
        _ => panic!("at the second piece"),
    });
    let handling = async { Ok(event_stream(Box::pin(pieces))) };
    let response = respond("the-stream", Some(Route::GetConversation), handling).await;
    assert!(log.lines().is_empty(), "it has not ended yet");
    assert_eq!(response.headers()["x-accel-buffering"], "no");

    let Body::Stream(pieces) = response.into_body() else { panic!("no stream") };
    assert_eq!(pieces.collect::<Vec<_>>().await, ["first"]);
    let lines = log.lines();
    assert!(lines.iter().all(|line| line["request_id"] == "the-stream"), "{lines:?}");
    assert_eq!(lines[0]["message"], "the stream panicked");
    assert_eq!(lines[1]["status"], 200);
}

#[tokio::test]
async fn the_headers_of_a_stream_leave_room_for_two_more_in_the_smallest_map() {
    let handling = async { Ok(event_stream(Box::pin(iter([])))) };
    let response = respond("the-stream", Some(Route::GetConversation), handling).await;
    let headers = response.headers();
    assert_eq!(headers.capacity(), HeaderMap::<HeaderValue>::with_capacity(6).capacity());
    assert!(headers.len() + 2 <= headers.capacity(), "{headers:?}");
}
