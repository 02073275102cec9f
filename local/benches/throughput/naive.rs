//! What most such services do: a conversation is one JSON value, read, parsed, changed and written
//! anew at each send, and parsed at each read. Two sends at once lose a message.
#![allow(clippy::unwrap_used)]

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use redis::aio::MultiplexedConnection;
use serde_json::{Value, json};

use crate::Outcome;
use crate::conversations::TTL_MILLISECONDS;
use crate::floor::{connect, listen};
use crate::options::Address;

/// Serves until it is killed.
#[tokio::main]
pub async fn serve(address: &Address) -> Outcome<()> {
    let redis = connect(&address.redis_url).await?;
    let router = Router::new()
        .route("/api/conversations/{id}", get(answer))
        .route("/api/conversations/{id}/messages", post(add));
    listen(address.port, router.with_state(redis)).await
}

async fn add(
    State(mut redis): State<MultiplexedConnection>,
    Path(id): Path<String>,
    body: Bytes,
) -> (StatusCode, String) {
    let id_of_message = uuid::Uuid::now_v7().to_string();
    let mut message: Value = serde_json::from_slice(&body).unwrap();
    message["messageId"] = json!(id_of_message);
    let mut conversation = read(&mut redis, &id).await;
    conversation["messages"].as_array_mut().unwrap().push(message);
    let mut set = redis::cmd("SET");
    set.arg(key(&id)).arg(conversation.to_string()).arg("EX").arg(TTL_MILLISECONDS / 1000);
    set.exec_async(&mut redis).await.unwrap();
    let body = json!({"message": "Message added successfully", "messageId": id_of_message});
    (StatusCode::CREATED, body.to_string())
}

async fn answer(State(mut redis): State<MultiplexedConnection>, Path(id): Path<String>) -> String {
    read(&mut redis, &id).await.to_string()
}

async fn read(redis: &mut MultiplexedConnection, id: &str) -> Value {
    let value: Vec<u8> = redis::cmd("GET").arg(key(id)).query_async(redis).await.unwrap();
    serde_json::from_slice(&value).unwrap()
}

fn key(id: &str) -> String {
    format!("conversation:{id}")
}
