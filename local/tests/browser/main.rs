//! The router's pages, its client and its streams in real browsers.
#![allow(clippy::expect_used, clippy::panic)]

mod client;
mod desk;
mod event_source;
mod page;
mod playground;
