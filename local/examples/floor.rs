//! The floor: what the router is measured against.
//!
//! A bare axum server that sends Redis the same commands and writes the same answers, and does
//! nothing else: no id is checked, no error told apart, no header added, nothing logged. What it
//! reaches is what axum, redis-rs and Redis leave to be reached.
#![allow(clippy::unwrap_used, missing_docs)]

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use redis::aio::MultiplexedConnection;
use redis::{Client, IntoConnectionInfo, Script};
use tokio::net::TcpListener;

const TTL_MILLISECONDS: u64 = 1_800_000;

#[derive(Clone)]
struct Floor {
    redis: MultiplexedConnection,
    send: &'static str,
}

#[tokio::main]
async fn main() {
    let server = std::env::var("REDIS_URL").unwrap().into_connection_info().unwrap();
    let tcp = server.tcp_settings().clone().set_nodelay(true);
    let client = Client::open(server.set_tcp_settings(tcp)).unwrap();
    let mut redis = client.get_multiplexed_async_connection().await.unwrap();
    let send = Script::new(include_str!("../../shared/src/store/redis/send.lua"));
    send.load_async(&mut redis).await.unwrap();
    let send = send.get_hash().to_owned().leak();

    let router = Router::new()
        .route("/api/conversations", post(create))
        .route("/api/conversations/{id}", get(read))
        .route("/api/conversations/{id}/messages", post(add))
        .with_state(Floor { redis, send });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("floor listens on http://{}", listener.local_addr().unwrap());
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
    axum::serve(listener, router).await.unwrap();
}

async fn create(State(mut floor): State<Floor>) -> (StatusCode, String) {
    let id = uuid::Uuid::new_v4();
    let log = format!("{{\"conversationId\":\"{id}\",\"messages\":[\n");
    let mut set = redis::cmd("SET");
    set.arg(format!("chat:{{{id}}}:log")).arg(log).arg("PX").arg(TTL_MILLISECONDS);
    set.exec_async(&mut floor.redis).await.unwrap();
    (StatusCode::CREATED, format!("{{\"conversationId\":\"{id}\"}}"))
}

async fn add(
    State(mut floor): State<Floor>,
    Path(id): Path<String>,
    body: Bytes,
) -> (StatusCode, String) {
    let message = uuid::Uuid::now_v7();
    let mut line = format!("{{\"messageId\":\"{message}\",").into_bytes();
    line.extend_from_slice(&body[1..]);
    line.extend_from_slice(b",\n");
    let mut send = redis::cmd("EVALSHA");
    send.arg(floor.send).arg(2);
    send.arg(format!("chat:{{{id}}}:log")).arg(format!("chat:{{{id}}}:keys"));
    send.arg(line).arg(4_194_304).arg(TTL_MILLISECONDS).arg("PUBLISH");
    send.arg(format!("chat:{{{id}}}:changed"));
    send.arg("").arg("").arg(message.to_string()).arg(0);
    let _: String = send.query_async(&mut floor.redis).await.unwrap();
    let body =
        format!("{{\"message\":\"Message added successfully\",\"messageId\":\"{message}\"}}");
    (StatusCode::CREATED, body)
}

async fn read(State(mut floor): State<Floor>, Path(id): Path<String>) -> Vec<u8> {
    let mut get = redis::cmd("GET");
    get.arg(format!("chat:{{{id}}}:log"));
    let mut log: Vec<u8> = get.query_async(&mut floor.redis).await.unwrap();
    log.truncate(log.len() - 2);
    log.extend_from_slice(b"]}");
    log
}
