//! The four functions as Lambda runs them.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod access_string;
mod any_request;
mod binaries;
mod client;
mod contract;
mod event_files;
mod event_source;
mod following;
mod managed_instances;
mod serverless_cache;
mod serverless_commands;
#[path = "../deployment/stack.rs"]
mod stack;
mod start;
