//! What the router logs, and in which format.

use std::process::{Command, Stdio};

use reqwest::Method;
use serde_json::Value;
use testing::api::{Api, answer};
use testing::router::Router;

const BINARY: &str = env!("CARGO_BIN_EXE_local");
const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const XRAY: &str = "Root=1-67891233-abcdef012345678912345678;Sampled=1";

/// What a router in this format logs of requests with these headers, one request for each list.
async fn log_of(format: &str, requests: &[&[(&str, &str)]]) -> String {
    let mut command = Command::new(BINARY);
    command.envs([("LOG_LEVEL", "info"), ("LOG_FORMAT", format)]).stderr(Stdio::piped());
    let mut router = Router::launch(command, None);
    let api = Api::at(&router.url);
    for headers in requests {
        let mut request = api.request(Method::GET, "/api/conversations/x");
        for (name, value) in *headers {
            request = request.header(*name, *value);
        }
        answer(request).await.assert_error(400, "invalid_conversation_id");
    }
    router.process.signal("TERM");
    let stderr = router.process.0.stderr.take().expect("a pipe");
    std::io::read_to_string(stderr).expect("text")
}

#[tokio::test]
async fn every_line_is_a_json_object_where_it_is_asked_for() {
    let log = log_of("json", &[&[("traceparent", TRACEPARENT)], &[("X-Amzn-Trace-Id", XRAY)], &[]]);
    let log = log.await;
    let lines: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 3, "{log}");
    for line in &lines {
        assert_eq!((&line["level"], &line["status"]), (&"INFO".into(), &400.into()), "{line}");
        assert_eq!(line["route"], "get-conversation");
        assert!(line["request_id"].is_string() && line["timestamp"].is_string(), "{line}");
    }
    assert_eq!(lines[0]["traceparent"], TRACEPARENT);
    assert_eq!(lines[1]["xray_trace_id"], XRAY);
    for (line, name) in [(0, "xray_trace_id"), (1, "traceparent"), (2, "traceparent")] {
        assert_eq!(lines[line].get(name), None, "{log}");
    }
}

#[tokio::test]
async fn a_line_is_text_by_default_and_tells_nothing_from_outside_but_a_trace() {
    let trace = [("traceparent", TRACEPARENT)];
    let garbage = [
        ("traceparent", "garbage-of-a-client"),
        ("X-Amzn-Trace-Id", "garbage of a client"),
        ("tracestate", "garbage=of-a-client"),
        ("X-Request-Id", "garbage-of-a-client"),
        ("User-Agent", "garbage of a client"),
    ];
    for format in ["", "text"] {
        let log = log_of(format, &[&trace, &garbage]).await;
        assert_eq!(log.matches("request completed").count(), 2, "{log}");
        assert_eq!(log.matches(TRACEPARENT).count(), 1, "{log}");
        assert!(!log.contains("garbage"), "{log}");
        assert!(serde_json::from_str::<Value>(log.lines().next().expect("a line")).is_err());
    }
}
