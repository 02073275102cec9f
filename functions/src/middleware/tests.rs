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
    let response =
        respond("the-request", Some(Route::GetConversation), &HeaderMap::new(), panicking).await;

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
    let response =
        respond("the-stream", Some(Route::GetConversation), &HeaderMap::new(), handling).await;
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
async fn a_stream_has_the_headers_of_every_response_and_room_for_two_more() {
    let handling = async { Ok(event_stream(Box::pin(iter([])))) };
    let response =
        respond("the-stream", Some(Route::GetConversation), &HeaderMap::new(), handling).await;
    let headers = response.headers();
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(headers[REQUEST_ID], "the-stream");
    // hyper keeps the map while the stream is open, so that it should be no larger than it must.
    assert_eq!(headers.capacity(), HeaderMap::<HeaderValue>::with_capacity(7).capacity());
    assert!(headers.len() + 2 <= headers.capacity(), "{headers:?}");
}

#[tokio::test]
async fn the_trace_of_a_request_stands_in_its_lines_and_nothing_stands_for_none() {
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let xray = "Root=1-67891233-abcdef012345678912345678";
    let headers = [("traceparent", traceparent), ("x-amzn-trace-id", xray)];
    let headers = headers
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
    for headers in [HeaderMap::from_iter(headers), HeaderMap::new()] {
        let (log, _logging) = Log::collect();
        let handling = async { Err(Error::StoreUnavailable("the cause".into())) };
        let traced = !headers.is_empty();
        respond("the-request", Some(Route::SendMessage), &headers, handling).await;
        let lines = log.lines();
        assert_eq!(lines.len(), 2, "{lines:?}");
        for line in lines {
            let told = line.as_object().unwrap();
            assert_eq!(told.get("traceparent").is_some(), traced, "{line}");
            assert_eq!(told.get("xray_trace_id").is_some(), traced, "{line}");
            assert!(
                !traced || (line["traceparent"] == traceparent && line["xray_trace_id"] == xray)
            );
        }
    }
}
