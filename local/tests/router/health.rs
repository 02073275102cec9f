//! The probes, and the command `health`.

use std::process::{Command, Output, Stdio};

use reqwest::Method;
use testing::api::{Api, answer};
use testing::contract::TOKENS;
use testing::redis::{RedisServer, calls, free_port};
use testing::router::Router;
use testing::wait::until;

const BINARY: &str = env!("CARGO_BIN_EXE_local");
const OK: &str = r#"{"status":"ok"}"#;

async fn assert_ok(api: &Api, path: &str) {
    let probed = api.get(path).await;
    assert_eq!((probed.status.as_u16(), probed.body.as_str()), (200, OK), "{path}");
    assert_eq!(probed.header("content-type"), "application/json");
    assert_eq!(probed.header("access-control-allow-origin"), "*");
    assert_eq!(probed.header("x-content-type-options"), "nosniff");
    assert!(!probed.header("x-request-id").is_empty(), "{path}");
    let head = answer(api.request(Method::HEAD, path)).await;
    assert_eq!((head.status.as_u16(), head.body.as_str()), (200, ""), "{path}");
}

#[tokio::test]
async fn the_probes_take_no_token_and_no_other_method() {
    let router = Router::start(BINARY, None, &[TOKENS]);
    let api = Api::at(&router.url);
    for path in ["/healthz", "/readyz"] {
        assert_ok(&api, path).await;
        let refused = answer(api.request(Method::POST, path)).await;
        refused.assert_error(405, "method_not_allowed");
        assert_eq!(refused.header("allow"), "GET,HEAD");
    }
}

#[tokio::test]
async fn a_router_without_its_store_lives_and_is_not_ready() {
    let mut redis = RedisServer::start();
    let router = Router::start(BINARY, Some(&redis.url()), &[]);
    let api = Api::at(&router.url);
    assert_ok(&api, "/readyz").await;

    redis.kill();
    assert_ok(&api, "/healthz").await;
    let refused = api.get("/readyz").await;
    refused.assert_error(503, "store_unavailable");
    assert_eq!(refused.header("retry-after"), "1");

    redis.restart();
    until("the router is ready again", async || api.get("/readyz").await.status == 200).await;
}

#[tokio::test]
async fn a_store_that_hangs_is_waited_for_once_however_many_ask() {
    let redis = RedisServer::start();
    let router = Router::start(BINARY, Some(&redis.url()), &[]);
    let api = Api::at(&router.url);
    assert_ok(&api, "/readyz").await;
    let before = calls(&redis, "getrange");
    redis.signal("STOP");
    let probes = (0..50).map(|_| {
        let api = api.clone();
        tokio::spawn(async move { api.get("/readyz").await })
    });
    for probe in probes.collect::<Vec<_>>() {
        probe.await.expect("an answer").assert_error(503, "store_unavailable");
    }
    redis.signal("CONT");
    until("the router is ready again", async || api.get("/readyz").await.status == 200).await;
    let asked = calls(&redis, "getrange") - before;
    assert!(asked < 50, "Redis was asked {asked} times");
}

#[test]
fn probes_are_not_logged_and_other_requests_are() {
    let mut command = Command::new(BINARY);
    command.env("LOG_LEVEL", "info").stderr(Stdio::piped());
    let mut router = Router::launch(command, None);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let api = Api::at(&router.url);
        for path in ["/healthz", "/readyz", "/api/conversations/x"] {
            api.get(path).await;
        }
    });
    router.process.signal("TERM");
    let stderr = router.process.0.stderr.take().expect("a pipe");
    let log = std::io::read_to_string(stderr).expect("text");
    assert_eq!(log.matches("request completed").count(), 1, "{log}");
}

fn health(variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(BINARY);
    command.env_remove("REDIS_URL").arg("health").envs(variables.iter().copied());
    command.output().expect("the command's output")
}

#[test]
fn the_command_asks_the_router_of_the_environment_whether_it_lives() {
    let mut redis = RedisServer::start();
    let url = redis.url();
    let router = Router::start(BINARY, Some(&url), &[("HOST", "0.0.0.0")]);
    let port = router.url.rsplit(':').next().expect("a port").to_owned();
    let here = [("HOST", "0.0.0.0"), ("PORT", port.as_str())];
    // The variables that the router has besides, good or bad, are not the command's.
    for variables in [&here[..], &[here[0], here[1], ("REDIS_URL", "nonsense")]] {
        let healthy = health(variables);
        assert_eq!(healthy.status.code(), Some(0), "{healthy:?}");
        assert!(healthy.stdout.is_empty() && healthy.stderr.is_empty(), "{healthy:?}");
    }
    redis.kill();
    assert_eq!(health(&here).status.code(), Some(0), "a router without its store lives");
}

#[test]
fn the_command_ends_with_1_and_one_line_where_no_router_answers() {
    let nobody = free_port().to_string();
    // Accepts connections, and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent = silent.local_addr().map(|address| (silent, address.port().to_string()));
    let silent = silent.expect("its address");
    for (port, named) in
        [(nobody.as_str(), nobody.as_str()), (&silent.1, "3 seconds"), ("x", "PORT")]
    {
        let output = health(&[("PORT", port)]);
        let error = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(error.contains(named), "{error}");
    }
}

#[tokio::test]
async fn a_router_that_has_no_room_for_more_connections_lives() {
    let router = Router::start(BINARY, None, &[("MAX_CONNECTIONS", "1")]);
    let api = Api::at(&router.url);
    // Kept alive by the client.
    assert_ok(&api, "/healthz").await;

    let one_too_many = Api::at(&router.url);
    assert_ok(&one_too_many, "/healthz").await;
    one_too_many.get("/readyz").await.assert_error(503, "too_many_connections");
    let refused = answer(one_too_many.request(Method::POST, "/healthz")).await;
    refused.assert_error(503, "too_many_connections");
    let port = router.url.rsplit(':').next().expect("a port");
    let asked = health(&[("PORT", port)]);
    assert!(asked.status.success(), "{asked:?}");
}
