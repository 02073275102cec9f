//! The router's pages and streams in a real browser.
#![allow(clippy::expect_used, clippy::panic)]

mod event_source;
mod playground;
