//! Mixed load on the router, against a record of what was acknowledged.
//!
//! - [`faults`]: Redis and the way to it fail again and again; [`events`]: conversations that are
//!   led from their beginning to their end meanwhile; [`queue`]: others that wait for an agent.
//! - [`soak`]: streams come and go, some clients read slowly, and the router keeps its size.
//! - [`record`]: what was acknowledged, and what is there.
//! - [`tally`]: how often requests succeeded, and how long they took.
//!
//! The short forms run with the other tests. The long ones:
//!
//! ```sh
//! PARLEY_LOAD_SECONDS=600 cargo test -p local --test load faults -- --nocapture
//! PARLEY_SOAK_SECONDS=1800 cargo test --release -p local --test load soak -- --nocapture
//! ```
#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic)]

mod events;
mod faults;
mod queue;
mod record;
mod soak;
mod tally;

use std::time::Duration;

use testing::redis::RedisServer;

/// Far longer than anything awaited takes, so that only what never happens runs into it.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a client pauses before it repeats a request, or makes its next one.
const PAUSE: Duration = Duration::from_millis(20);

/// The last message of each conversation.
const THE_END: &str = "the end";

/// Starts a Redis that comes back with everything when it is killed: every write reaches the file
/// before it is answered.
fn durable_redis(directory: &str) -> RedisServer {
    let options = ["--appendonly", "yes", "--appendfsync", "always", "--dir", directory];
    RedisServer::start_with(&options)
}

/// The seconds that a variable asks for, if it is set.
fn seconds(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().expect("a number of seconds"))
}
