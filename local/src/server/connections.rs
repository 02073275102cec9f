//! Counts and bounds the connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use crate::server::limits::TimeLimits;

/// The most connections at a time that are told that there are too many. Others are closed at once.
pub const MAX_REFUSING: usize = 100;

/// How long such a connection may take for its request, and to read the refusal.
const REFUSAL_TIME: Duration = Duration::from_secs(2);

/// How many connections there are, and may be, and what each is held to.
#[derive(Debug)]
pub struct Connections {
    max: usize,
    times: TimeLimits,
    serving: AtomicUsize,
    refusing: AtomicUsize,
    refused: AtomicU64,
}

impl Connections {
    /// Makes room for so many.
    pub fn new(max: usize, times: TimeLimits) -> Arc<Self> {
        Arc::new(Self {
            max,
            times,
            serving: AtomicUsize::new(0),
            refusing: AtomicUsize::new(0),
            refused: AtomicU64::new(0),
        })
    }

    /// Takes a place for a new connection; `None` if there is none, even for refusing it.
    pub fn enter(self: &Arc<Self>) -> Option<Place> {
        let is_refused = self.serving.load(Relaxed) >= self.max;
        if is_refused {
            self.refused.fetch_add(1, Relaxed);
            if self.refusing.load(Relaxed) >= MAX_REFUSING {
                return None;
            }
        }
        let place = Place { connections: self.clone(), is_refused };
        place.counter().fetch_add(1, Relaxed);
        Some(place)
    }

    /// Returns how many are being served.
    pub fn open(&self) -> usize {
        self.serving.load(Relaxed)
    }

    /// Returns how many have been refused since the start.
    pub fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }
}

/// A connection's place, which is free again when this is dropped.
pub struct Place {
    connections: Arc<Connections>,
    is_refused: bool,
}

impl Place {
    /// Whether the connection is one too many.
    pub fn is_refused(&self) -> bool {
        self.is_refused
    }

    /// Returns what the client is held to.
    pub fn times(&self) -> TimeLimits {
        let times = self.connections.times;
        if self.is_refused { times.at_most(REFUSAL_TIME) } else { times }
    }

    fn counter(&self) -> &AtomicUsize {
        if self.is_refused { &self.connections.refusing } else { &self.connections.serving }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.counter().fetch_sub(1, Relaxed);
    }
}
