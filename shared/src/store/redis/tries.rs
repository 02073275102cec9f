//! When and how often a request is tried again on its way to Redis.

use std::io;
use std::time::Duration;

use futures_util::FutureExt;
use redis::{RedisError, RedisResult, RetryMethod};
use tokio::time::{sleep, timeout};

use super::link::Node;

/// How long a request may take with all its tries: requests are answered within three seconds.
pub(super) const REQUEST_TIME_LIMIT: Duration = Duration::from_millis(2500);
/// How long to leave a Redis alone that is there, but not ready.
const PAUSE: Duration = Duration::from_millis(100);

/// Whether a command may have reached Redis before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Try {
    First,
    Again,
}

/// The tries of one request.
pub(super) struct Tries {
    pub(super) next: Try,
    /// The node that the last try was sent on to.
    pub(super) asked: Option<Node>,
    was_broken: bool,
}

impl Tries {
    pub(super) fn new() -> Self {
        Self { next: Try::First, asked: None, was_broken: false }
    }

    /// Returns when the next try is due; or with this error, where it ends them.
    pub(super) async fn go_on_after(&mut self, error: RedisError) -> RedisResult<()> {
        self.next = Try::Again;
        match error.retry_method() {
            RetryMethod::NoRetry => return Err(error),
            RetryMethod::AskRedirect => self.asked = Node::asked_by(&error),
            RetryMethod::WaitAndRetry | RetryMethod::MovedRedirect => sleep(PAUSE).await,
            _ if self.was_broken => return Err(error),
            _ => self.was_broken = true,
        }
        Ok(())
    }
}

/// What a request's tries end in, if they end in time.
pub(super) fn in_time<T>(
    tries: impl Future<Output = RedisResult<T>>,
) -> impl Future<Output = RedisResult<T>> {
    timeout(REQUEST_TIME_LIMIT, tries).map(|ended| ended.unwrap_or_else(|_| Err(too_late())))
}

fn too_late() -> RedisError {
    io::Error::new(io::ErrorKind::TimedOut, "Redis took too long").into()
}
