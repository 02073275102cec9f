//! The floor: what the router is measured against.
//!
//! A bare axum server that sends Redis the same commands and writes the same bodies, and does
//! nothing else: no id is checked, no message read, no error told apart, no header added, nothing
//! logged. What it reaches is what axum, redis-rs and Redis leave to be reached.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::IF_NONE_MATCH;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, IntoConnectionInfo, Script};
use shared::log::HEADER_LENGTH;
use tokio::net::TcpListener;

use crate::Outcome;
use crate::conversations::TTL_MILLISECONDS;
use crate::options::Address;

const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_LOG_BYTES: usize = HEADER_LENGTH + 4 * 1024 * 1024;

#[derive(Clone)]
struct Floor {
    redis: MultiplexedConnection,
    send: &'static str,
}

/// Serves until it is killed.
#[tokio::main]
pub async fn serve(address: &Address) -> Outcome<()> {
    let mut redis = connect(&address.redis_url).await?;
    let send = load(&mut redis, include_str!("../../../shared/src/store/redis/send.lua")).await?;
    let router = Router::new()
        .route("/api/conversations", post(create))
        .route("/api/conversations/{id}", get(answer))
        .route("/api/conversations/{id}/messages", post(add));
    listen(address.port, router.with_state(Floor { redis, send })).await
}

/// One connection, which does not wait to fill a packet.
pub async fn connect(url: &str) -> Outcome<MultiplexedConnection> {
    let server = url.into_connection_info()?;
    let tcp = server.tcp_settings().clone().set_nodelay(true);
    let client = Client::open(server.set_tcp_settings(tcp))?;
    // By default it gives up after half a second, which a slow machine may well take.
    let config = AsyncConnectionConfig::new().set_response_timeout(Some(RESPONSE_TIMEOUT));
    Ok(client.get_multiplexed_async_connection_with_config(&config).await?)
}

async fn load(redis: &mut MultiplexedConnection, script: &str) -> Outcome<&'static str> {
    let script = Script::new(script);
    script.load_async(redis).await?;
    Ok(script.get_hash().to_owned().leak())
}

/// Serves on a port, after having said where.
pub async fn listen(port: u16, router: Router) -> Outcome<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{} is served", listener.local_addr()?);
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
    Ok(axum::serve(listener, router).await?)
}

async fn create(State(mut floor): State<Floor>) -> (StatusCode, String) {
    let id = uuid::Uuid::new_v4();
    let log = format!("{{\"conversationId\":\"{id}\",\"messages\":[\n");
    let mut set = redis::cmd("SET");
    set.arg(format!("chat:{{{id}}}:log")).arg(log).arg("NX").arg("PX").arg(TTL_MILLISECONDS);
    set.exec_async(&mut floor.redis).await.unwrap();
    (StatusCode::CREATED, format!("{{\"conversationId\":\"{id}\"}}"))
}

async fn add(
    State(mut floor): State<Floor>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let message = uuid::Uuid::now_v7();
    let mut line = format!("{{\"messageId\":\"{message}\",").into_bytes();
    line.extend_from_slice(&body[1..]);
    line.extend_from_slice(b",\n");
    let mut send = redis::cmd("EVALSHA");
    send.arg(floor.send)
        .arg(2)
        .arg(format!("chat:{{{id}}}:log"))
        .arg(format!("chat:{{{id}}}:keys"));
    send.arg(line).arg(MAX_LOG_BYTES).arg(TTL_MILLISECONDS).arg("PUBLISH");
    send.arg(format!("chat:{{{id}}}:changed"));
    match headers.get("idempotency-key") {
        // Any 16 bytes will do for a fingerprint.
        Some(key) => {
            send.arg(key.as_bytes()).arg(message.as_bytes()).arg(message.to_string()).arg(1)
        }
        None => send.arg(format!(" {message}")).arg("").arg(message.to_string()).arg(0),
    };
    let _: String = send.query_async(&mut floor.redis).await.unwrap();
    let body =
        format!("{{\"message\":\"Message added successfully\",\"messageId\":\"{message}\"}}");
    (StatusCode::CREATED, body)
}

async fn answer(
    State(floor): State<Floor>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> (StatusCode, Vec<u8>) {
    let key = format!("chat:{{{id}}}:log");
    if let Some(query) = query {
        return (StatusCode::OK, read_after(floor, &id, key, &query).await);
    }
    match headers.get(IF_NONE_MATCH) {
        Some(tag) => read_unless(floor, key, tag.to_str().unwrap()).await,
        None => (StatusCode::OK, read(floor, key).await),
    }
}

async fn read(mut floor: Floor, key: String) -> Vec<u8> {
    let log = redis::cmd("GET").arg(key).query_async(&mut floor.redis).await.unwrap();
    closed(log)
}

async fn read_unless(mut floor: Floor, key: String, tag: &str) -> (StatusCode, Vec<u8>) {
    let known: usize = tag.trim_matches('"').parse().unwrap();
    let length: usize = redis::cmd("STRLEN").arg(&key).query_async(&mut floor.redis).await.unwrap();
    if length == HEADER_LENGTH + known {
        return (StatusCode::NOT_MODIFIED, Vec::new());
    }
    (StatusCode::OK, read(floor, key).await)
}

async fn read_after(mut floor: Floor, id: &str, key: String, query: &str) -> Vec<u8> {
    let after: usize = query.trim_start_matches("after=").parse().unwrap();
    let before = HEADER_LENGTH + after - 1;
    let mut both = redis::pipe();
    both.cmd("GETRANGE").arg(&key).arg(before).arg(before + u32::MAX as usize - 1);
    both.cmd("PEXPIRETIME").arg(&key);
    let (lines, expires): (Vec<u8>, u64) = both.query_async(&mut floor.redis).await.unwrap();
    let cursor = after + lines.len() - 1;
    let mut body = format!("{{\"conversationId\":\"{id}\",\"messages\":[").into_bytes();
    body.extend_from_slice(lines[1..].strip_suffix(b",\n").unwrap_or_default());
    let end = format!("],\"deleted\":[],\"cursor\":\"{cursor}\",\"expiresAt\":{expires}}}");
    body.extend_from_slice(end.as_bytes());
    body
}

/// A log as an answer: its last comma becomes the end of the list.
fn closed(mut log: Vec<u8>) -> Vec<u8> {
    log.truncate(log.len() - 2);
    log.extend_from_slice(b"]}");
    log
}
