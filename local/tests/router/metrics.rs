//! What Prometheus is told.

use std::process::{Command, Stdio};

use reqwest::Method;
use testing::api::{Api, answer};
use testing::events::EventSource;
use testing::redis::RedisServer;
use testing::router::Router;
use testing::wait::until;

const BINARY: &str = env!("CARGO_BIN_EXE_local");

/// A router with metrics, a client of it, and one of its metrics.
fn start(redis: Option<&RedisServer>) -> (Router, Api, Api) {
    let url = redis.map(RedisServer::url);
    let router = Router::start(BINARY, url.as_deref(), &[("METRICS_PORT", "0")]);
    let scraped = router.greeting.trim().rsplit(' ').next().expect("an address");
    let scraped = scraped.strip_suffix("/metrics").expect("the path").to_owned();
    let api = Api::at(&router.url);
    (router, api, Api::at(&scraped))
}

/// The value of one series, by its name and labels as they are written.
async fn value(scraped: &Api, series: &str) -> f64 {
    let text = scraped.get("/metrics").await.body;
    let values = text.lines().filter_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    let values: Vec<f64> = values.map(|value| value.parse().expect("a number")).collect();
    assert!(values.len() <= 1, "{series} is told twice: {text}");
    values.first().copied().unwrap_or_default()
}

#[tokio::test]
async fn requests_are_counted_by_route_method_and_status_and_never_by_path() {
    let (_router, api, scraped) = start(None);
    let conversation = api.create().await;
    for content in ["one", "two"] {
        api.send(&conversation, content).await;
    }
    api.get(&conversation).await;
    api.get("/api/conversations/x").await;
    api.get("/a-path-of-my-own").await;
    answer(api.request(Method::from_bytes(b"BREW").expect("a method"), "/")).await;
    api.get(&format!("{conversation}?after=0&wait=1")).await;

    let messages = "/api/conversations/{conversationId}/messages";
    let read = "/api/conversations/{conversationId}";
    for (route, method, status, count) in [
        ("/api/conversations", "POST", 201, 1.0),
        (messages, "POST", 201, 2.0),
        (read, "GET", 200, 2.0),
        (read, "GET", 400, 1.0),
        ("none", "GET", 404, 1.0),
        ("/", "other", 405, 1.0),
    ] {
        let labels = format!("{{route=\"{route}\",method=\"{method}\",status=\"{status}\"}}");
        let series = format!("parley_http_requests_total{labels}");
        assert_eq!(value(&scraped, &series).await, count, "{series}");
    }
    let labels = format!("{{route=\"{read}\",method=\"GET\"}}");
    let series = format!("parley_http_request_duration_seconds_count{labels}");
    assert_eq!(value(&scraped, &series).await, 2.0, "one waited, and is measured apart");
    assert_eq!(value(&scraped, "parley_http_wait_seconds_count").await, 1.0);

    let text = scraped.get("/metrics").await;
    assert_eq!(text.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    for outside in [conversation.as_str(), "a-path-of-my-own", "BREW"] {
        assert!(!text.body.contains(outside), "{}", text.body);
    }
}

#[tokio::test]
async fn open_streams_and_the_events_written_to_them_are_counted() {
    let (_router, api, scraped) = start(None);
    let conversation = api.create().await;
    let mut sources = [(); 3].map(|()| EventSource::new(&api, &conversation));
    for source in &mut sources {
        source.connect().await;
    }
    assert_eq!(value(&scraped, "parley_streams_open").await, 3.0);
    for content in ["one", "two"] {
        api.send(&conversation, content).await;
        for source in &mut sources {
            assert_eq!(source.next_happening().await.data["content"], content);
        }
    }
    // Each was told the expiry, a message, and perhaps the expiry that it moved to.
    let events = value(&scraped, "parley_events_delivered_total").await;
    assert!((9.0..=15.0).contains(&events), "{events}");
    assert_eq!(value(&scraped, "parley_stream_duration_seconds_count").await, 0.0);

    drop(sources);
    until("the streams have ended", async || value(&scraped, "parley_streams_open").await == 0.0)
        .await;
    assert_eq!(value(&scraped, "parley_stream_duration_seconds_count").await, 3.0);
}

#[tokio::test]
async fn a_store_that_fails_and_comes_back_is_counted() {
    let mut redis = RedisServer::start();
    let (_router, api, scraped) = start(Some(&redis));
    api.create().await;
    let opened = "parley_store_connections_opened_total{purpose=\"commands\"}";
    assert_eq!(value(&scraped, opened).await, 1.0);
    assert_eq!(value(&scraped, "parley_store_failures_total").await, 0.0);
    redis.kill();
    for failures in [1.0, 2.0] {
        let refused = answer(api.request(Method::POST, "/api/conversations")).await;
        refused.assert_error(503, "store_unavailable");
        assert_eq!(value(&scraped, "parley_store_failures_total").await, failures);
    }
    redis.restart();
    api.create().await;
    assert_eq!(value(&scraped, opened).await, 2.0);

    let conversation = api.create().await;
    // Redis has forgotten the script, which is no failure.
    api.send(&conversation, "hello").await;
    let mut source = EventSource::new(&api, &conversation);
    source.next_happening().await;
    let subscribed = "parley_store_connections_opened_total{purpose=\"subscriptions\"}";
    until("it subscribes", async || value(&scraped, subscribed).await == 1.0).await;
    assert_eq!(value(&scraped, "parley_store_failures_total").await, 2.0);
}

#[tokio::test]
async fn open_connections_of_clients_are_counted() {
    let (_router, api, scraped) = start(None);
    let conversation = api.create().await;
    let mut source = EventSource::new(&api, &conversation);
    source.connect().await;
    // One idles in the client's pool, and one has the stream.
    assert!(value(&scraped, "parley_connections_open").await >= 1.0);
    drop((source, api));
    until("the connections have closed", async || {
        value(&scraped, "parley_connections_open").await == 0.0
    })
    .await;
    assert_eq!(value(&scraped, "parley_connections_refused_total").await, 0.0);
}

#[tokio::test]
async fn there_are_no_metrics_unless_a_port_is_named_and_none_on_the_routers_own() {
    let router = Router::start(BINARY, None, &[]);
    assert!(!router.greeting.contains("metrics"), "{}", router.greeting);
    Api::at(&router.url).get("/metrics").await.assert_error(404, "route_not_found");
    let (_router, api, scraped) = start(None);
    api.get("/metrics").await.assert_error(404, "route_not_found");
    assert_eq!(scraped.get("/").await.status, 404);
    assert_eq!(answer(scraped.request(Method::POST, "/metrics")).await.status, 405);
}

#[test]
fn a_port_that_cannot_be_used_ends_it_with_one_line_that_names_the_variable() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().map(|address| (taken, address.port().to_string()));
    let taken = taken.expect("its address");
    for port in ["abc", "65536", "-1", taken.1.as_str()] {
        let mut command = Command::new(BINARY);
        command.env_remove("REDIS_URL").env("PORT", "0").env("METRICS_PORT", port);
        let output = command.stdin(Stdio::null()).output().expect("the router's output");
        let error = String::from_utf8(output.stderr).expect("text");
        assert!(!output.status.success(), "{port}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(error.contains("METRICS_PORT"), "{error}");
    }
}

#[tokio::test]
async fn the_metrics_that_the_document_names_are_there() {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let document = std::fs::read_to_string(document).expect("a document");
    let words = document.split(|c: char| !c.is_ascii_lowercase() && c != '_');
    let named: Vec<_> = words.filter(|word| word.starts_with("parley_")).collect();
    assert!(named.len() >= 10, "{named:?}");
    let (_router, api, scraped) = start(None);
    api.create().await;
    let told = scraped.get("/metrics").await.body;
    for name in named {
        let name = name.strip_suffix("_bucket").unwrap_or(name);
        assert!(told.contains(&format!("# TYPE {name} ")), "{name} is not in {told}");
    }
}
