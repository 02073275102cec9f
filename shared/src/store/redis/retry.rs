//! When, where and how often a command is retried.

use std::time::Duration;

use redis::{RedisError, RedisResult, RetryMethod};
use tokio::time::{Instant, sleep};

use super::topology::{NodeId, Topology};
use crate::domain::conversation::ConversationId;

/// How long to wait for a Redis that can be reached but is not ready.
const RETRY_DELAY: Duration = Duration::from_millis(100);

/// Whether Redis may have run the command before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    First,
    /// It may have, at this time at the earliest.
    Later(Instant),
}

/// The retries of one command.
#[derive(Default)]
pub(super) struct Retry {
    /// The node for the next attempt alone: the slot is only being moved to it (`ASK`).
    pub(super) redirect: Option<NodeId>,
    /// How many connections were found broken.
    broken_connections: usize,
}

impl Retry {
    /// Waits until the next attempt is due. Returns the error if there is to be none.
    ///
    /// `node` is the one that the failed attempt went to.
    pub(super) async fn wait_after(
        &mut self,
        error: RedisError,
        node: NodeId,
        id: &ConversationId,
        topology: &Topology,
    ) -> RedisResult<()> {
        match error.retry_method() {
            RetryMethod::NoRetry => return Err(error),
            RetryMethod::AskRedirect => {
                self.redirect = topology.redirect_node(node, &error);
                if self.redirect.is_none() {
                    sleep(RETRY_DELAY).await;
                }
            }
            RetryMethod::MovedRedirect => {
                // Two nodes may name each other while a slot is handed over.
                if topology.record_move(id, node, &error) {
                    sleep(RETRY_DELAY).await;
                }
            }
            RetryMethod::WaitAndRetry | RetryMethod::RefreshSlotsAndRetry => {
                sleep(RETRY_DELAY).await;
            }
            // Each candidate may be the server that is gone.
            _ if self.broken_connections >= topology.candidates() => return Err(error),
            _ => self.broken_connections += 1,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
