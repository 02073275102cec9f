//! The limits of serving.

use std::time::Duration;

/// The limits of serving.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// What a client is held to.
    pub times: TimeLimits,
    /// How long the requests under way may take to end after a signal.
    pub shutdown: Duration,
    /// The most connections at a time.
    pub connections: usize,
}

/// What a client is held to.
#[derive(Clone, Copy, Debug)]
pub struct TimeLimits {
    /// For a request's head from its first byte on (of a connection's first request, from the
    /// beginning of the connection), as long again for its body, and for what still comes of a
    /// request that has been answered.
    pub read: Duration,
    /// From the end of a response to the first byte of the next request.
    pub idle: Duration,
    /// For a response while nothing of it can be written.
    pub write: Duration,
}

impl TimeLimits {
    /// Shortens those that are longer than this.
    pub fn at_most(self, most: Duration) -> Self {
        let Self { read, idle, write } = self;
        Self { read: read.min(most), idle: idle.min(most), write: write.min(most) }
    }
}
