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
use axum::routing::{self, get, post};
use axum::serve::ListenerExt;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, IntoConnectionInfo, Script};
use shared::event_log::FRONT_LENGTH;
use shared::event_log::state::{self, STATE_LENGTH};
use tokio::net::TcpListener;

use crate::Outcome;
use crate::conversations::TTL_MILLISECONDS;
use crate::options::Address;

const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_LENGTH: usize = FRONT_LENGTH + 4 * 1024 * 1024;

/// Bytes that Redis answers with at a time.
const PIECE: usize = 256 * 1024;

/// The scripts as the store makes them.
macro_rules! script {
    ($check:literal, $write:literal) => {
        concat!(
            include_str!("../../../shared/src/store/redis/scripts/begin.lua"),
            include_str!(concat!("../../../shared/src/store/redis/scripts/", $check)),
            include_str!("../../../shared/src/store/redis/scripts/extend_expiry.lua"),
            include_str!(concat!("../../../shared/src/store/redis/scripts/", $write)),
            include_str!("../../../shared/src/store/redis/scripts/publish.lua"),
        )
    };
}
const SEND: &str = script!("send_check.lua", "send_write.lua");
const DELETE: &str = script!("delete_check.lua", "delete_write.lua");

#[derive(Clone)]
struct Floor {
    redis: MultiplexedConnection,
    send: &'static str,
    delete: &'static str,
}

/// Serves until it is killed.
#[tokio::main]
pub async fn serve(address: &Address) -> Outcome<()> {
    let mut redis = connect(&address.redis_url).await?;
    let send = load(&mut redis, SEND).await?;
    let delete = load(&mut redis, DELETE).await?;
    let router = Router::new()
        .route("/api/conversations", post(create))
        .route("/api/conversations/{id}", get(answer))
        .route("/api/conversations/{id}/messages", post(add))
        .route("/api/conversations/{id}/messages/{message}", routing::delete(remove));
    listen(address.port, router.with_state(Floor { redis, send, delete })).await
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
    let first_line = format!("{{\"conversationId\":\"{id}\",\"messages\":[\n");
    let mut set = redis::cmd("SET");
    set.arg(key(&id.to_string())).arg([state::NEW, first_line.as_bytes()].concat());
    set.arg("NX").arg("PX").arg(TTL_MILLISECONDS);
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
    let text = message.to_string();
    let mut line_end = b"\",".to_vec();
    line_end.extend_from_slice(&body[1..]);
    line_end.extend_from_slice(b",\n");
    let key_header = headers.get("idempotency-key");
    let mut send = script(floor.send, &id, key_header.is_some());
    send.arg(&text[..28]).arg(line_end).arg(MAX_LENGTH).arg("");
    if let Some(key) = key_header {
        // Any 16 bytes will do for a fingerprint.
        send.arg("").arg("").arg(key.as_bytes()).arg(message.as_bytes());
    }
    let message: String = send.query_async(&mut floor.redis).await.unwrap();
    let body =
        format!("{{\"message\":\"Message added successfully\",\"messageId\":\"{message}\"}}");
    (StatusCode::CREATED, body)
}

async fn remove(
    State(mut floor): State<Floor>,
    Path((id, message)): Path<(String, String)>,
) -> String {
    let place = usize::from_str_radix(&message[28..], 16).unwrap();
    let mut delete = script(floor.delete, &id, false);
    delete.arg(FRONT_LENGTH + place).arg(format!("{{\"messageId\":\"{message}\"")).arg("");
    delete.arg(format!("{{\"event\":\"deleted\",\"messageId\":\"{message}\"}},\n")).arg(0);
    let _: String = delete.query_async(&mut floor.redis).await.unwrap();
    "{\"message\":\"Message deleted successfully\"}".to_owned()
}

/// A script on a conversation, with the arguments that all take.
fn script(digest: &str, id: &str, with_sends: bool) -> redis::Cmd {
    let mut command = redis::cmd("EVALSHA");
    command.arg(digest).arg(if with_sends { 2 } else { 1 }).arg(key(id));
    if with_sends {
        command.arg(format!("chat:2:{{{id}}}:sends"));
    }
    command.arg(TTL_MILLISECONDS).arg("PUBLISH").arg(format!("chat:2:{{{id}}}:events"));
    command
}

fn key(id: &str) -> String {
    format!("chat:2:{{{id}}}:log")
}

async fn answer(
    State(floor): State<Floor>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> (StatusCode, Vec<u8>) {
    let key = key(&id);
    if let Some(query) = query {
        return (StatusCode::OK, read_after(floor, &id, key, &query).await);
    }
    match headers.get(IF_NONE_MATCH) {
        Some(tag) => read_unless(floor, key, tag.to_str().unwrap()).await,
        None => (StatusCode::OK, read(floor, key).await),
    }
}

async fn read(mut floor: Floor, key: String) -> Vec<u8> {
    let mut piece = redis::cmd("GETRANGE");
    piece.arg(&key).arg(STATE_LENGTH).arg(STATE_LENGTH + PIECE - 1);
    let mut log: Vec<u8> = piece.query_async(&mut floor.redis).await.unwrap();
    if log.len() == PIECE {
        log = redis::cmd("GETRANGE")
            .arg(key)
            .arg(STATE_LENGTH)
            .arg(-1)
            .query_async(&mut floor.redis)
            .await
            .unwrap();
    }
    closed(log)
}

async fn read_unless(mut floor: Floor, key: String, tag: &str) -> (StatusCode, Vec<u8>) {
    let known: usize = tag.trim_matches('"').parse().unwrap();
    let length: usize = redis::cmd("STRLEN").arg(&key).query_async(&mut floor.redis).await.unwrap();
    if length == FRONT_LENGTH + known {
        return (StatusCode::NOT_MODIFIED, Vec::new());
    }
    (StatusCode::OK, read(floor, key).await)
}

async fn read_after(mut floor: Floor, id: &str, key: String, query: &str) -> Vec<u8> {
    let after: usize = query.trim_start_matches("after=").parse().unwrap();
    let before = FRONT_LENGTH + after - 1;
    let mut all = redis::pipe();
    all.cmd("GETRANGE").arg(&key).arg(0).arg(FRONT_LENGTH - 1);
    all.cmd("GETRANGE").arg(&key).arg(before).arg(before + PIECE - 1);
    all.cmd("PEXPIRETIME").arg(&key);
    let (_, lines, expires): (Vec<u8>, Vec<u8>, u64) =
        all.query_async(&mut floor.redis).await.unwrap();
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
