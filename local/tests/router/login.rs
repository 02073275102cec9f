//! TLS and logging in to Redis, as the router meets them.

use std::io::Read;
use std::process::{Command, Stdio};

use reqwest::Method;
use testing::api::{Answer, Api, answer};
use testing::certificates::Certificates;
use testing::redis::{RedisServer, free_port};
use testing::router::Router;

/// A Redis that speaks TLS under the name localhost, and the port on which it does.
fn with_tls(certificates: &Certificates) -> (RedisServer, u16) {
    let port = free_port();
    let options = certificates.redis_options(port);
    let options: Vec<_> = options.iter().map(String::as_str).collect();
    (RedisServer::start_with(&options), port)
}

/// What a router on this Redis answers to creating a conversation, and all that it logged.
async fn create(redis_url: &str, variables: &[(&str, &str)]) -> (Answer, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.envs(variables.iter().copied()).stderr(Stdio::piped());
    let mut router = Router::launch(command, Some(redis_url));
    let created = Api::at(&router.url).request(Method::POST, "/api/conversations");
    let created = answer(created).await;
    let mut log = router.process.0.stderr.take().expect("a pipe");
    drop(router);
    let mut text = String::new();
    log.read_to_string(&mut text).expect("the log");
    (created, text)
}

#[tokio::test]
async fn a_redis_with_tls_is_trusted_by_its_authority_from_a_file_or_from_the_variable() {
    let certificates = Certificates::for_name("localhost");
    let (_redis, port) = with_tls(&certificates);
    let url = format!("rediss://localhost:{port}");
    let file = certificates.authority();
    let pem = std::fs::read_to_string(&file).expect("a certificate");
    for value in [file.as_str(), pem.as_str()] {
        let (created, log) = create(&url, &[("REDIS_CA_CERT", value)]).await;
        assert_eq!(created.status, 201, "{log}");
    }
    // The system's roots may be a file of one's own as well.
    let (created, log) = create(&url, &[("SSL_CERT_FILE", &file)]).await;
    assert_eq!(created.status, 201, "{log}");
}

#[tokio::test]
async fn a_redis_with_a_wrong_name_or_an_unknown_authority_is_refused_with_a_clear_line() {
    let certificates = Certificates::for_name("elsewhere.example");
    let (_redis, port) = with_tls(&certificates);
    let url = format!("rediss://localhost:{port}");
    let authority = certificates.authority();
    let (refused, log) = create(&url, &[("REDIS_CA_CERT", &authority)]).await;
    refused.assert_error(503, "store_unavailable");
    assert!(log.contains("not valid for name"), "{log}");

    let certificates = Certificates::for_name("localhost");
    let (_redis, port) = with_tls(&certificates);
    let url = format!("rediss://localhost:{port}");
    let stranger = Certificates::for_name("localhost");
    let (refused, log) = create(&url, &[("REDIS_CA_CERT", &stranger.authority())]).await;
    refused.assert_error(503, "store_unavailable");
    assert!(log.contains("invalid peer certificate"), "{log}");
}

#[tokio::test]
async fn a_user_of_redis_logs_in_and_a_wrong_password_is_told_without_it() {
    let redis = RedisServer::start();
    let rules = "ACL SETUSER parley on >right-secret ~chat:* &chat:* +@all";
    assert_eq!(redis.command(&[rules]), "+OK\r\n");
    redis.command(&["ACL", "SETUSER", "default", "off"]);
    let url = |secret: &str| format!("redis://parley:{secret}@127.0.0.1:{}", redis.port());

    let (created, log) = create(&url("right-secret"), &[("LOG_LEVEL", "trace")]).await;
    assert_eq!(created.status, 201, "{log}");
    assert!(!log.contains("right-secret"), "{log}");

    let (refused, log) = create(&url("wrong-secret"), &[("LOG_LEVEL", "trace")]).await;
    refused.assert_error(503, "store_unavailable");
    assert!(log.contains("Password authentication failed"), "{log}");
    assert!(!log.contains("wrong-secret") && !refused.body.contains("wrong-secret"), "{log}");
}

#[tokio::test]
async fn a_server_that_repeats_what_it_does_not_know_puts_no_password_into_the_log() {
    let redis = RedisServer::start_with(&["--rename-command", "HELLO", "\"\""]);
    redis.expect_ok(&["CONFIG", "SET", "requirepass", "hunter2"]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.env("LOG_LEVEL", "trace").stderr(Stdio::piped());
    let url = format!("redis://:hunter2@127.0.0.1:{}", redis.port());
    let mut router = Router::launch(command, Some(&url));
    let api = Api::at(&router.url);
    let path = api.create().await;
    // Following takes `HELLO`.
    assert_eq!(api.get(&format!("{path}?after=0&wait=3")).await.status, 503);
    let mut log = router.process.0.stderr.take().expect("a pipe");
    drop(router);
    let mut text = String::new();
    log.read_to_string(&mut text).expect("the log");
    assert!(text.contains("unknown command"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}
