//! How a function starts, and what it writes to its log.

use std::process::{Command, Stdio};
use std::time::Duration;

use reqwest::Method;
use testing::api::{Api, answer, message};
use testing::contract::TOKENS;
use testing::gateway::{Gateway, Invocations};
use testing::redis::RedisServer;
use testing::token;
use tokio::time::timeout;

use crate::binaries::functions;

const SEND_MESSAGE: &str = env!("CARGO_BIN_EXE_send-message");

#[test]
fn a_function_whose_configuration_makes_no_sense_names_the_variable() {
    for (name, value, named) in [
        ("UNRELATED", "x", "REDIS_URL"),
        ("REDIS_URL", "", "REDIS_URL"),
        ("REDIS_URL", "nonsense", "REDIS_URL"),
        ("CONVERSATION_TTL_SECONDS", "0", "CONVERSATION_TTL_SECONDS"),
    ] {
        let mut command = Command::new(SEND_MESSAGE);
        command.env_remove("REDIS_URL").env(name, value).stdin(Stdio::null());
        let output = command.output().expect("the function's output");
        let error = String::from_utf8(output.stderr).expect("text");
        assert!(!output.status.success());
        assert!(error.lines().count() == 1 && error.contains(named), "{name}={value}: {error}");
        assert!(!error.contains("panicked"), "{error}");
    }
}

#[tokio::test]
async fn a_function_without_a_redis_starts_and_serves_503_until_there_is_one() {
    let mut redis = RedisServer::start();
    redis.kill();
    let gateway = Gateway::start(functions(), &redis.url(), &[]).await;
    let api = Api::at(&gateway.url);
    // Lambda's time for starting is 10 s.
    let create = || answer(api.request(Method::POST, "/api/conversations"));
    let refused = timeout(Duration::from_secs(10), create()).await.expect("an answer in time");
    refused.assert_error(503, "store_unavailable");
    redis.restart();
    assert_eq!(create().await.status, 201);
}

#[tokio::test]
async fn a_function_whose_connection_died_while_it_was_frozen_serves_its_next_request() {
    let redis = RedisServer::start();
    let gateway = Gateway::start(functions(), &redis.url(), &[]).await;
    let api = Api::at(&gateway.url);
    let conversation = api.create().await;
    api.send(&conversation, "before").await;
    gateway.signal("STOP");
    redis.command(&["CLIENT", "KILL", "TYPE", "normal"]);
    gateway.signal("CONT");
    api.send(&conversation, "after").await;
    api.create().await;
}

#[tokio::test]
async fn each_request_is_one_line_of_json_without_message_token_or_path_at_any_level() {
    let redis = RedisServer::start();
    let log = tempfile::NamedTempFile::new().expect("a file");
    let variables = &[("LOG_LEVEL", "trace"), TOKENS];
    // Appending, since several processes write to it.
    let append = || std::fs::File::options().append(true).open(log.path());
    let output = || append().expect("the file").into();
    let gateway =
        Gateway::start_logging(Invocations::Plain, functions(), &redis.url(), variables, output)
            .await;
    let token = token::agent();
    let stranger = Api::at(&gateway.url);
    let api = stranger.with_token(token.clone());
    let conversation = api.create().await;
    let in_query = format!("{conversation}?access_token={token}");
    let read = stranger.get(&in_query).await;
    assert_eq!(read.status, 200, "{}", read.body);
    let sent = api.post(&conversation, message("a secret of the customer")).await;
    let refused = api.post(&conversation, r#"{"sender":"a secret of the customer"}"#).await;
    drop(gateway);

    let log = std::fs::read_to_string(log.path()).expect("the log");
    for kept in ["secret", token.as_str(), conversation.as_str()] {
        assert!(!log.contains(kept), "{kept}: {log}");
    }
    for (answer, status) in [(sent, 201), (refused, 400)] {
        let id = answer.header("x-request-id");
        let lines = log.lines().map(|line| serde_json::from_str(line).expect("JSON"));
        let lines: Vec<serde_json::Value> =
            lines.filter(|line: &serde_json::Value| line["request_id"] == id).collect();
        assert_eq!(lines.len(), 1, "{log}");
        assert_eq!(
            (&lines[0]["route"], &lines[0]["status"]),
            (&"send-message".into(), &status.into())
        );
        assert!(lines[0]["duration_ms"].as_f64().is_some_and(|duration| duration > 0.0));
    }
}
