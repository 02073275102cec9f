//! A Lambda Runtime API (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>): a
//! function's process fetches events from it, and posts there what it answers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Mutex as AsyncMutex, Semaphore, mpsc, oneshot};
use uuid::Uuid;

/// Lambda lets no more through in one piece.
const MAX_RESPONSE_BYTES: usize = 6 * 1024 * 1024;

/// A Runtime API for the processes of one function. Cloning it shares it.
#[derive(Clone)]
pub struct RuntimeApi {
    /// Where it listens, as `AWS_LAMBDA_RUNTIME_API` says it.
    pub address: String,
    invocations: Arc<Invocations>,
}

/// Invocations to be fetched, and those under way, by their request id.
struct Invocations {
    waiting: mpsc::UnboundedSender<(String, Value)>,
    next: AsyncMutex<mpsc::UnboundedReceiver<(String, Value)>>,
    running: Mutex<HashMap<String, oneshot::Sender<Value>>>,
    /// One permit for each time that a process has asked for an invocation.
    asked: Semaphore,
}

impl RuntimeApi {
    /// Starts one on a free port.
    pub async fn start() -> Self {
        let (waiting, next) = mpsc::unbounded_channel();
        let next = AsyncMutex::new(next);
        let asked = Semaphore::new(0);
        let invocations = Arc::new(Invocations { waiting, next, running: Mutex::default(), asked });
        let path = "/2018-06-01/runtime/invocation";
        let router = Router::new()
            .route(&format!("{path}/next"), get(self::next))
            .route(&format!("{path}/{{id}}/response"), post(respond))
            .route(&format!("{path}/{{id}}/error"), post(fail))
            .layer(DefaultBodyLimit::max(MAX_RESPONSE_BYTES))
            .with_state(invocations.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address").to_string();
        tokio::spawn(async { axum::serve(listener, router).await });
        Self { address, invocations }
    }

    /// Waits until a process has asked for an invocation once more.
    pub async fn asked(&self) {
        self.invocations.asked.acquire().await.expect("never closed").forget();
    }

    /// Invokes the function and waits for its response; `None` where it failed.
    pub async fn invoke(&self, event: Value) -> Option<Value> {
        let id = Uuid::new_v4().to_string();
        let (sender, response) = oneshot::channel();
        self.invocations.running.lock().expect("unpoisoned").insert(id.clone(), sender);
        self.invocations.waiting.send((id, event)).expect("a receiver");
        response.await.ok()
    }
}

async fn next(State(invocations): State<Arc<Invocations>>) -> Response {
    invocations.asked.add_permits(1);
    let invocation = invocations.next.lock().await.recv().await;
    let (id, event) = invocation.expect("a sender as long as there are invocations");
    Response::builder()
        .header("Lambda-Runtime-Aws-Request-Id", id)
        .header("Lambda-Runtime-Deadline-Ms", "9999999999999")
        .header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:1:function:f")
        .header("Lambda-Runtime-Trace-Id", "Root=1-5e1b4151-5ac6c58f5b5daa6532b5a6d5")
        .body(Body::from(event.to_string()))
        .expect("a response")
}

async fn respond(State(runtime): State<Arc<Invocations>>, Path(id): Path<String>, body: Bytes) {
    let response = serde_json::from_slice(&body).expect("the function's response is JSON");
    let running = runtime.running.lock().expect("unpoisoned").remove(&id);
    let _ = running.expect("an invocation under way").send(response);
}

async fn fail(State(runtime): State<Arc<Invocations>>, Path(id): Path<String>, body: String) {
    eprintln!("the function failed: {body}");
    runtime.running.lock().expect("unpoisoned").remove(&id);
}
