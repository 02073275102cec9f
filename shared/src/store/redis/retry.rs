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
    /// Waits until the next attempt is due. Returns the error where there is to be none.
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
            RetryMethod::AskRedirect => self.redirect = topology.redirect_node(node, &error),
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
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::config::Config;

    const FIRST_NODE: &str = "redis://127.0.0.1:7001";

    fn topology(urls: &str, cluster: &str) -> Arc<Topology> {
        let config = Config::from_variables(|name| match name {
            "REDIS_URL" => Some(urls.to_owned()),
            "REDIS_CLUSTER" => Some(cluster.to_owned()),
            _ => None,
        });
        Topology::new(&config.unwrap().redis.unwrap())
    }

    fn refusal(line: &str) -> RedisError {
        let reply = redis::parse_redis_value(format!("-{line}\r\n").as_bytes()).unwrap();
        reply.extract_error().unwrap_err()
    }

    fn cut() -> RedisError {
        std::io::Error::from(std::io::ErrorKind::ConnectionReset).into()
    }

    /// One conversation, and what becomes of its command's errors.
    struct Retries {
        topology: Arc<Topology>,
        id: ConversationId,
        retry: Retry,
    }

    impl Retries {
        fn new(topology: Arc<Topology>) -> Self {
            Self { topology, id: ConversationId::random(), retry: Retry::default() }
        }

        fn node(&self) -> NodeId {
            self.topology.node_of(&self.id)
        }

        /// How long the next attempt waits, if there is one.
        async fn wait_after(&mut self, error: RedisError) -> Option<Duration> {
            let (start, node) = (Instant::now(), self.node());
            let result = self.retry.wait_after(error, node, &self.id, &self.topology).await;
            result.is_ok().then(|| start.elapsed())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_that_stays_ends_the_attempts() {
        let mut retries = Retries::new(topology(FIRST_NODE, "false"));
        for line in ["WRONGTYPE Operation against a key", "NOPERM no permissions", "ERR unknown"] {
            assert_eq!(retries.wait_after(refusal(line)).await, None, "{line}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_redis_that_is_not_ready_is_asked_again_after_a_delay() {
        let mut retries = Retries::new(topology(FIRST_NODE, "true"));
        for line in ["LOADING the dataset", "TRYAGAIN in a moment", "CLUSTERDOWN for now"] {
            assert_eq!(retries.wait_after(refusal(line)).await, Some(RETRY_DELAY), "{line}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_moved_slot_is_asked_for_at_its_new_node_at_once_and_later_with_a_delay() {
        let mut retries = Retries::new(topology(FIRST_NODE, "true"));
        let first = retries.node();
        let moved = || refusal("MOVED 1 127.0.0.1:7002");
        assert_eq!(retries.wait_after(moved()).await, Some(Duration::ZERO));
        let second = retries.node();
        assert_ne!(first, second);
        let back = refusal("MOVED 1 127.0.0.1:7001");
        assert_eq!(retries.wait_after(back).await, Some(RETRY_DELAY));
        assert_eq!(retries.node(), first);
        assert!(retries.retry.redirect.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_slot_that_is_being_moved_redirects_one_attempt_and_stays_where_it_is() {
        let mut retries = Retries::new(topology(FIRST_NODE, "true"));
        let node = retries.node();
        let asked = retries.wait_after(refusal("ASK 1 127.0.0.1:7002")).await;
        assert_eq!(asked, Some(Duration::ZERO));
        let redirect = retries.retry.redirect.take().unwrap();
        assert_ne!(redirect, node);
        assert_eq!(retries.topology.address(redirect).addr().to_string(), "127.0.0.1:7002");
        assert_eq!(retries.node(), node);
    }

    #[tokio::test(start_paused = true)]
    async fn a_broken_connection_is_replaced_once_for_each_node_that_there_is() {
        let urls = format!("{FIRST_NODE},redis://127.0.0.1:7002");
        for (urls, cluster, retried) in [(FIRST_NODE, "false", 1), (&urls, "true", 2)] {
            let mut retries = Retries::new(topology(urls, cluster));
            for _ in 0..retried {
                assert_eq!(retries.wait_after(cut()).await, Some(Duration::ZERO));
            }
            assert_eq!(retries.wait_after(cut()).await, None);
        }
    }
}
