//! What has happened on the way to Redis since the process began.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use crate::store::StoreStatistics;

/// Counts, shared by all connections.
#[derive(Debug, Default)]
pub(super) struct Statistics {
    failures: AtomicU64,
    command_connections: AtomicU64,
    subscription_connections: AtomicU64,
}

impl Statistics {
    /// Counts an operation that found no working Redis, after all its attempts.
    pub(super) fn operation_failed(&self) {
        self.failures.fetch_add(1, Relaxed);
    }

    /// Counts an opened connection for commands.
    pub(super) fn command_connection_opened(&self) {
        self.command_connections.fetch_add(1, Relaxed);
    }

    /// Counts an opened connection for subscriptions.
    pub(super) fn subscription_connection_opened(&self) {
        self.subscription_connections.fetch_add(1, Relaxed);
    }

    pub(super) fn now(&self) -> StoreStatistics {
        StoreStatistics {
            failures: self.failures.load(Relaxed),
            command_connections: self.command_connections.load(Relaxed),
            subscription_connections: self.subscription_connections.load(Relaxed),
        }
    }
}
