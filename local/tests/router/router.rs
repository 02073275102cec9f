//! What only the local router does.

use std::process::{Command, Output, Stdio};

use reqwest::Method;
use testing::api::{Api, answer, message};
use testing::redis::{RedisServer, free_port};
use testing::router::Router;

const BINARY: &str = env!("CARGO_BIN_EXE_local");

fn in_memory() -> (Router, Api) {
    let router = Router::start(BINARY, None, &[]);
    let api = Api::at(&router.url);
    (router, api)
}

#[tokio::test]
async fn a_path_that_is_no_route_is_not_found() {
    let (_router, api) = in_memory();
    for path in ["/favicon.ico", "/api", "/api/conversations/"] {
        api.get(path).await.assert_error(404, "route_not_found");
    }
}

#[tokio::test]
async fn a_route_names_the_methods_it_answers() {
    let (_router, api) = in_memory();
    let conversation = api.create().await;
    for (method, path, allowed) in [
        (Method::GET, "/api/conversations", "POST"),
        (Method::PUT, &conversation, "GET,HEAD,DELETE"),
        (Method::GET, &format!("{conversation}/messages"), "POST"),
        (Method::GET, &format!("{conversation}/events"), "POST"),
        (Method::POST, &format!("{conversation}/messages/x"), "DELETE"),
    ] {
        let refused = answer(api.request(method, path)).await;
        refused.assert_error(405, "method_not_allowed");
        assert_eq!(refused.header("allow"), allowed);
        assert!(!refused.header("x-request-id").is_empty());
    }
}

#[tokio::test]
async fn head_answers_as_get_does_without_a_body() {
    let (_router, api) = in_memory();
    let conversation = api.create().await;
    let head = answer(api.request(Method::HEAD, &conversation)).await;
    assert_eq!((head.status.as_u16(), head.body.as_str()), (200, ""));
    assert_eq!(head.header("etag"), "\"0\"");
}

#[tokio::test]
async fn pages_of_every_origin_may_use_it_and_see_its_headers() {
    let (_router, api) = in_memory();
    let preflight = api
        .request(Method::OPTIONS, "/api/conversations/x/messages")
        .header("Origin", "https://example.com")
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "idempotency-key,authorization");
    let preflight = answer(preflight).await;
    assert_eq!(preflight.status, 200);
    assert!(!preflight.header("x-request-id").is_empty());
    assert_eq!(preflight.header("access-control-allow-origin"), "*");
    assert_eq!(preflight.header("access-control-allow-headers"), "idempotency-key,authorization");
    for method in ["GET", "POST", "DELETE"] {
        assert!(preflight.header("access-control-allow-methods").contains(method));
    }

    let read =
        api.request(Method::GET, &api.create().await).header("Origin", "https://example.com");
    let read = answer(read).await;
    for header in ["etag", "location", "x-request-id"] {
        assert!(read.header("access-control-expose-headers").contains(header), "{header}");
    }
}

#[tokio::test]
async fn two_routers_on_one_redis_serve_the_same_conversations() {
    let redis = RedisServer::start();
    let routers = [(); 2].map(|()| Router::start(BINARY, Some(&redis.url()), &[]));
    let [one, other] = routers.each_ref().map(|router| Api::at(&router.url));
    assert!(routers[0].greeting.contains(&format!("127.0.0.1:{}", redis.port())));

    let conversation = one.create().await;
    let message = other.send(&conversation, "hello").await;
    assert_eq!(one.contents(&conversation).await, ["hello"]);
    assert_eq!(one.delete(&conversation, &message).await.status, 200);
    assert!(other.contents(&conversation).await.is_empty());

    let senders = (0..64).map(|number| {
        let (api, conversation) = ([&one, &other][number % 2].clone(), conversation.clone());
        tokio::spawn(async move { api.send(&conversation, &number.to_string()).await })
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.await.expect("the message is sent");
    }
    assert_eq!(one.contents(&conversation).await.len(), 64);
}

#[tokio::test]
async fn a_redis_that_is_not_there_yet_is_a_503_and_serves_once_it_is() {
    let mut redis = RedisServer::start();
    let url = redis.url();
    redis.kill();
    let router = Router::start(BINARY, Some(&url), &[]);
    let api = Api::at(&router.url);
    let refused = answer(api.request(Method::POST, "/api/conversations")).await;
    refused.assert_error(503, "store_unavailable");
    assert_eq!(refused.header("retry-after"), "1");

    redis.restart();
    let created = answer(api.request(Method::POST, "/api/conversations")).await;
    assert_eq!(created.status, 201, "{}", created.body);
}

#[tokio::test]
async fn a_request_under_way_is_finished_when_the_router_is_told_to_stop() {
    for signal in ["TERM", "INT"] {
        let (mut router, api) = in_memory();
        let conversation = api.create().await;
        let (body_sender, body) = tokio::sync::mpsc::channel(1);
        let body = reqwest::Body::wrap_stream(tokio_stream::wrappers::ReceiverStream::new(body));
        let sent = tokio::spawn({
            let api = api.clone();
            async move { api.post(&conversation, body).await }
        });
        let text = message("half a body");
        let (first, rest) = text.split_at(10);
        body_sender.send(Ok::<_, std::io::Error>(first.to_owned())).await.expect("a request");
        // The body's channel holds one part: once this is accepted, the first is on its way.
        body_sender.send(Ok(rest.to_owned())).await.expect("a request");
        router.process.signal(signal);
        drop(body_sender);
        assert_eq!(sent.await.expect("an answer").status, 201);
        let status = tokio::task::spawn_blocking(move || router.process.0.wait()).await;
        assert!(status.expect("a wait").expect("a status").success(), "{signal}");
    }
}

fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(BINARY);
    command.env_remove("REDIS_URL").stdin(Stdio::null());
    command.args(arguments).envs(variables.iter().copied()).output().expect("the router's output")
}

#[test]
fn what_makes_no_sense_ends_it_with_one_line_that_says_why() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its address").port().to_string();
    let free = free_port().to_string();
    for (arguments, variables, named) in [
        (vec!["--port", &port], vec![], "PORT"),
        (vec!["--port", &free, "--redis-url", "nonsense"], vec![], "REDIS_URL"),
        (vec!["--port", &free], vec![("REDIS_URL", "redis://:secret@h:x")], "REDIS_URL"),
        (
            vec!["--port", &free],
            vec![("CONVERSATION_TTL_SECONDS", "0")],
            "CONVERSATION_TTL_SECONDS",
        ),
        (
            vec!["--port", &free],
            vec![("MAX_CONVERSATION_BYTES", "5000000")],
            "MAX_CONVERSATION_BYTES",
        ),
        (vec!["--port", &free], vec![("LOG_LEVEL", "loud")], "LOG_LEVEL"),
        (vec!["--port", &free], vec![("LOG_FORMAT", "xml")], "LOG_FORMAT"),
        (vec![], vec![("PORT", "abc")], "PORT"),
        (vec![], vec![("PORT", "65536")], "PORT"),
        (vec!["--port=-1"], vec![], "PORT"),
        (vec![], vec![("REQUEST_READ_TIMEOUT_SECONDS", "0")], "REQUEST_READ_TIMEOUT_SECONDS"),
        (vec![], vec![("RESPONSE_WRITE_TIMEOUT_SECONDS", "x")], "RESPONSE_WRITE_TIMEOUT_SECONDS"),
        (vec![], vec![("IDLE_TIMEOUT_SECONDS", "3601")], "IDLE_TIMEOUT_SECONDS"),
        (vec![], vec![("SHUTDOWN_TIMEOUT_SECONDS", "-1")], "SHUTDOWN_TIMEOUT_SECONDS"),
        (vec![], vec![("MAX_CONNECTIONS", "0")], "MAX_CONNECTIONS"),
        (vec![], vec![("OPEN_CREATION", "false")], "OPEN_CREATION"),
        (vec![], vec![("FOLLOW_HOLD_SECONDS", "26")], "FOLLOW_HOLD_SECONDS"),
        (vec![], vec![("REDIS_URL", "localhost:6379")], "REDIS_URL"),
        (vec![], vec![("REDIS_URL", "redis://127.0.0.1/?db=3")], "\"db\""),
        (vec![], vec![("REDIS_URL", "redis://u:p?secret@127.0.0.1")], "%3F"),
        (vec![], vec![("REDIS_URL", "redis://127.0.0.1/#x")], "REDIS_URL"),
        (vec![], vec![("REDIS_URL", "unix:///tmp/x")], "REDIS_URL"),
        (
            vec![],
            vec![("REDIS_URL", "redis://127.0.0.1/3"), ("REDIS_CLUSTER", "true")],
            "REDIS_URL",
        ),
        (vec![], vec![("REDIS_CLUSTER", "true")], "REDIS_URL"),
        (vec![], vec![("REDIS_CA_CERT", "/nowhere")], "REDIS_URL"),
        (vec![], vec![("REDIS_IAM_USER", "u"), ("REDIS_IAM_CACHE", "c")], "REDIS_URL"),
        (vec!["--port", &free, "--host", "nowhere.invalid"], vec![], "HOST"),
        (vec!["--port", &free], vec![("HOST", "127.0.0.1:80")], "HOST"),
    ] {
        let output = run(&arguments, &variables);
        let error = String::from_utf8(output.stderr).expect("text");
        assert!(!output.status.success(), "{named}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(error.contains(named) && !error.contains("panicked"), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
}

#[test]
fn help_tells_every_option_and_no_secret() {
    let output = run(&["--help"], &[("REDIS_URL", "redis://:hunter2@127.0.0.1")]);
    let help = String::from_utf8(output.stdout).expect("text");
    for name in [
        "--host",
        "--port",
        "--redis-url",
        "--request-read-timeout-seconds",
        "CONVERSATION_TTL_SECONDS",
        "LOG_FORMAT",
        "RESPONSE_WRITE_TIMEOUT_SECONDS",
        "IDLE_TIMEOUT_SECONDS",
        "MAX_CONNECTIONS",
        "LOG_LEVEL",
        "--metrics-port",
        "health",
    ] {
        assert!(help.contains(name), "{name}: {help}");
    }
    assert!(!help.contains("hunter2"), "{help}");
}

#[test]
fn the_first_line_says_where_it_listens_and_how_to_use_redis() {
    let router = Router::start(BINARY, None, &[]);
    assert!(router.greeting.contains("http://127.0.0.1:"), "{}", router.greeting);
    assert!(router.greeting.contains("--redis-url redis://"), "{}", router.greeting);
}

#[tokio::test]
async fn an_empty_variable_counts_as_unset() {
    let router = Router::start(
        BINARY,
        None,
        &[
            ("HOST", ""),
            ("PORT", ""),
            ("REDIS_URL", ""),
            ("REDIS_CLUSTER", ""),
            ("REDIS_IAM_USER", ""),
            ("REQUEST_READ_TIMEOUT_SECONDS", ""),
            ("RESPONSE_WRITE_TIMEOUT_SECONDS", ""),
            ("IDLE_TIMEOUT_SECONDS", ""),
            ("SHUTDOWN_TIMEOUT_SECONDS", ""),
            ("MAX_CONNECTIONS", ""),
            ("AUTH_SECRET", ""),
            ("OPEN_CREATION", ""),
            ("CONVERSATION_TTL_SECONDS", ""),
            ("MAX_CONVERSATION_BYTES", ""),
            ("MAX_MEMORY_BYTES", ""),
            ("METRICS_PORT", ""),
            ("LOG_FORMAT", ""),
            ("LOG_LEVEL", ""),
        ],
    );
    Api::at(&router.url).create().await;
}
