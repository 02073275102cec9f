//! The HTTP contract, held by the router over each of its stores.
#![allow(clippy::expect_used, clippy::panic)]

mod in_memory;
mod on_cluster;
mod on_redis;
mod tokens;
