//! `GET /healthz` and `GET /readyz`, by which an orchestrator tells whether the router lives and
//! whether it can serve.

pub mod command;

use std::time::Duration;

use functions::http::error::error_response;
use functions::http::response::{self, Response};
use http::header::CACHE_CONTROL;
use http::{HeaderValue, StatusCode};
use shared::domain::conversation::ConversationId;
use shared::domain::version::KnownVersions;
use shared::error::{Cause, Error};
use shared::store::Store;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// How long the store may take to answer.
const STORE_TIMEOUT: Duration = Duration::from_secs(1);

/// Says that the process answers requests, and asks nothing.
pub fn live() -> Response {
    ok()
}

/// Asks whether the store answers, once at a time: probes that come meanwhile share the answer.
pub struct Readiness {
    store: Store,
    last: Mutex<Option<Check>>,
}

#[derive(Clone, Copy)]
struct Check {
    ended: Instant,
    is_ready: bool,
}

impl Readiness {
    pub fn new(store: Store) -> Self {
        Self { store, last: Mutex::new(None) }
    }

    /// Says whether the store answers within a second.
    pub async fn response(&self) -> Response {
        let asked = Instant::now();
        let mut last = self.last.lock().await;
        let is_ready = match *last {
            Some(Check { ended, is_ready }) if ended >= asked => is_ready,
            _ => {
                let is_ready = self.store_answers().await;
                *last = Some(Check { ended: Instant::now(), is_ready });
                is_ready
            }
        };
        if is_ready { ok() } else { unavailable() }
    }

    /// Reads a conversation that does not exist, as a request reads one: with the same rights, over
    /// the same connection, in a cluster from any of its nodes.
    async fn store_answers(&self) -> bool {
        let id = ConversationId::random();
        let known = KnownVersions::NONE;
        match timeout(STORE_TIMEOUT, self.store.read(&id, &known)).await {
            Ok(Ok(_) | Err(Error::ConversationNotFound)) => true,
            Ok(Err(error)) => {
                tracing::debug!(cause = ?error, "not ready");
                false
            }
            Err(_) => {
                tracing::debug!("not ready: the store did not answer in time");
                false
            }
        }
    }
}

fn ok() -> Response {
    uncached(response::json(StatusCode::OK, r#"{"status":"ok"}"#))
}

fn unavailable() -> Response {
    uncached(error_response(&Error::StoreUnavailable(Cause::from("the store did not answer"))))
}

fn uncached(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
