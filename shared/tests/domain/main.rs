//! The log and the domain's parsers, held to properties over any input.
#![allow(clippy::panic, clippy::unwrap_used)]

mod any_json;
mod event_properties;
mod log_properties;
mod log_readers;
mod parsers;
