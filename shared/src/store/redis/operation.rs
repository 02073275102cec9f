//! One operation on a conversation: its round trips, its attempts and its deadline.

use std::io;
use std::time::Duration;

use redis::{ErrorKind, RedisError, RedisResult, ServerErrorKind};
use tokio::time::{Instant, timeout_at};

use super::client::Client;
use super::command::Command;
use super::retry::{Attempt, Retry};
use crate::domain::conversation::ConversationId;

/// How long an operation may take, with all its round trips and attempts. A request is answered
/// within three seconds.
pub(super) const OPERATION_TIMEOUT: Duration = Duration::from_millis(2500);

/// The refusal of a script whose text the server does not know.
pub(super) const UNKNOWN_SCRIPT: ErrorKind = ErrorKind::Server(ServerErrorKind::NoScript);

/// What the store does for one request, in one round trip or several.
pub(super) struct Operation<'a> {
    client: &'a Client,
    id: &'a ConversationId,
    started: Instant,
    attempt: Attempt,
    /// Whether a node answered to which the conversation's slot is only being moved (`ASK`).
    pub(super) was_redirected: bool,
}

impl<'a> Operation<'a> {
    /// Starts the operation and its time.
    pub(super) fn new(client: &'a Client, id: &'a ConversationId) -> Self {
        let started = Instant::now();
        Self { client, id, started, attempt: Attempt::First, was_redirected: false }
    }

    /// A part of this operation on another conversation, within the same time.
    pub(super) fn on<'b>(&self, id: &'b ConversationId) -> Operation<'b>
    where
        'a: 'b,
    {
        let Self { client, started, .. } = *self;
        Operation { client, id, started, attempt: Attempt::First, was_redirected: false }
    }

    /// Runs a command, and retries it if an attempt fails on the way or comes too early.
    pub(super) async fn run<C: Command>(&mut self, command: &C) -> RedisResult<C::Reply> {
        let Client { topology, .. } = self.client;
        let deadline = self.started + OPERATION_TIMEOUT;
        let attempts = async {
            let mut retry = Retry::default();
            loop {
                let redirect = retry.redirect.take();
                let node = redirect.unwrap_or_else(|| topology.node_of(self.id));
                let opening = self.client.opening(node);
                let result = match opening.clone().await {
                    Ok(connection) => {
                        let asking = redirect.is_some();
                        let result = connection.run(command, self.id, self.attempt, asking).await;
                        // What a server did not refuse it may have done.
                        if result.as_ref().is_err_and(|error| !is_refusal(error)) {
                            self.attempt = Attempt::Later(self.started);
                        }
                        if connection.is_broken_by(&result) {
                            self.client.close(node, &opening);
                        }
                        self.was_redirected |= asking;
                        result
                    }
                    Err(error) => {
                        self.client.close(node, &opening);
                        Err(error)
                    }
                };
                match result {
                    Err(error) => retry.wait_after(error, node, self.id, topology).await?,
                    reply => return reply,
                }
            }
        };
        let result = timeout_at(deadline, attempts).await.unwrap_or_else(|_| Err(timed_out()));
        // A script that Redis does not know is sent again, with its text.
        if result.as_ref().is_err_and(|error| error.kind() != UNKNOWN_SCRIPT) {
            topology.statistics.operation_failed();
        }
        result
    }
}

/// Whether the server answered that it did nothing.
fn is_refusal(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension)
}

fn timed_out() -> RedisError {
    io::Error::new(io::ErrorKind::TimedOut, "Redis took too long").into()
}
