//! How many descriptors the process may have: each connection takes one.

use crate::server::connections::MAX_REFUSING;

/// Descriptors for everything but the connections that are served: those that are refused, Redis,
/// the runtime, standard input and output.
const RESERVE: usize = MAX_REFUSING + 100;

/// Raises the process's limit as far as it may, and lowers the most connections to what it allows.
pub fn bound(connections: usize) -> usize {
    let Some(limit) = raise_limit() else { return connections };
    let allowed = limit.saturating_sub(RESERVE).max(1);
    if allowed < connections {
        tracing::warn!(limit, "the limit of descriptors allows for only {allowed} connections");
    }
    connections.min(allowed)
}

/// Raises the soft limit of descriptors to the hard one, and returns it.
#[cfg(unix)]
fn raise_limit() -> Option<usize> {
    let limit = rlimit::increase_nofile_limit(u64::MAX).ok()?;
    Some(usize::try_from(limit).unwrap_or(usize::MAX))
}

/// Windows has no such limit.
#[cfg(not(unix))]
fn raise_limit() -> Option<usize> {
    None
}
