//! The stores: one contract for both, what each costs, and what they do when Redis fails.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod append_only_file;
mod clock_skew;
mod contract;
mod conversing;
mod cost;
mod event_faults;
mod failover;
mod iam_token;
mod memory_store;
mod moving_slots;
mod moving_slots_under_load;
mod queue;
mod redis_faults;
mod redis_store;
mod setup;
mod subscription_faults;
mod watching;
mod writing;
