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
