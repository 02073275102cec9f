//! What Parley's tests stand on. Tests may panic, so this crate may.
//!
//! - [`redis`]: a real `redis-server`, started on a free port and stopped with the test.
//! - [`login_tokens`]: passwords for it that are valid for a few seconds.
//! - [`cluster`]: six of them as a cluster.
//! - [`certificates`]: for a Redis with TLS.
//! - [`proxy`]: a proxy in front of it that can be made to fail.
//! - [`fake_redis`]: a server that replies to Redis's clients with whatever a test wants.
//! - [`router`]: the local router, as the process that `cargo run` starts.
//! - [`gateway`]: the four function binaries behind an API Gateway; [`runtime_api`]: what Lambda
//!   runs them with.
//! - [`api`]: a client of the service, wherever it runs.
//! - [`token`]: tokens for it, good ones and bad.
//! - [`events`]: a client of its event streams.
//! - [`connection`]: a client that says any bytes at all.
//! - [`browser`]: a real browser, Chromium; [`firefox`]: another one.
//! - [`documented_page`]: the pages of the API's documentation, in those browsers.
//! - [`talk`]: both sides of a conversation in Node.js, on the client `parley.js`.
//! - [`wait`]: waiting for conditions, and how long.
//! - [`contract`]: what the service answers, to which every way of running is held.

pub mod api;
pub mod axe;
pub mod browser;
pub mod certificates;
pub mod cluster;
pub mod connection;
pub mod contract;
pub mod documented_page;
pub mod events;
pub mod fake_redis;
pub mod firefox;
pub mod gateway;
pub mod login_tokens;
pub mod process;
pub mod proxy;
pub mod redis;
pub mod router;
pub mod runtime_api;
pub mod talk;
pub mod token;
pub mod wait;

/// Variables for the service under test, on top of what it needs to run at all.
pub type Variables = &'static [(&'static str, &'static str)];
