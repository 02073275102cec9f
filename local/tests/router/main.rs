//! The router as a process: its routes, its limits, its streams and its configuration.
#![allow(clippy::expect_used, clippy::panic)]

mod bad_input;
mod container_credentials;
mod cors;
mod early_answers;
mod following;
mod half_closed;
mod health;
mod host;
mod login;
mod logs;
mod metrics;
mod openapi;
mod router;
mod slow_clients;
mod stopping;
mod streams_without_store;
mod time_limits;
mod token_end;
mod too_many_connections;
mod unread_responses;
