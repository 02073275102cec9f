//! The client, `parley.js`: alone in Node.js, and through faults in front of a real router.
//!
//! - [`module`]: how it is served; its types; its own tests (`module/*.test.mjs`), in which time is made.
//! - [`queue`]: the queue, followed through restarts.
//! - [`faults`]: two sides that write to each other while the router, Redis and the way to them fail.
//! - [`tokens`]: where tokens are on, and end.
#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic)]

mod faults;
mod module;
mod queue;
mod tokens;
