//! When, where and how often a request is tried again on its way to Redis.

use std::time::Duration;

use redis::{RedisError, RedisResult, RetryMethod};
use tokio::time::{Instant, sleep};

use super::topology::{NodeId, Topology};
use crate::domain::conversation::ConversationId;

/// How long to leave alone a Redis that is there, but not ready.
const RETRY_DELAY: Duration = Duration::from_millis(100);

/// Whether a command may have reached Redis before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    First,
    /// Not before then.
    Later(Instant),
}

/// The attempts of one request.
pub(super) struct Retry {
    pub(super) attempt: Attempt,
    /// The node that answers the next attempt alone, though it does not serve the slot yet (`ASK`).
    pub(super) redirect: Option<NodeId>,
    /// How many connections were found broken.
    broken: usize,
}

impl Retry {
    pub(super) fn new(attempt: Attempt) -> Self {
        Self { attempt, redirect: None, broken: 0 }
    }

    /// Returns when the next attempt is due; or with this error, where it ends them.
    pub(super) async fn wait_after(
        &mut self,
        error: RedisError,
        asked: NodeId,
        id: &ConversationId,
        topology: &Topology,
    ) -> RedisResult<()> {
        match error.retry_method() {
            RetryMethod::NoRetry => return Err(error),
            RetryMethod::AskRedirect => self.redirect = topology.node_named_by(asked, &error),
            RetryMethod::MovedRedirect => {
                // Two nodes may name each other while a slot is handed over.
                if topology.moved(id, asked, &error) {
                    sleep(RETRY_DELAY).await;
                }
            }
            RetryMethod::WaitAndRetry | RetryMethod::RefreshSlotsAndRetry => {
                sleep(RETRY_DELAY).await;
            }
            // Each node may be the one that is gone.
            _ if self.broken >= topology.candidates() => return Err(error),
            _ => self.broken += 1,
        }
        Ok(())
    }
}
