//! The router as a process: its routes, its limits, its streams and its configuration.
#![allow(clippy::expect_used, clippy::panic)]

mod bad_input;
mod container_credentials;
mod cors;
mod following;
mod health;
mod login;
mod logs;
mod metrics;
mod openapi;
mod router;
mod slow_clients;
mod streams_without_store;
mod token_end;
