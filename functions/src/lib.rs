//! Parley's four handlers.
//!
//! A request's way is one line: an HTTP event comes in through [`lambda`] (or through the local
//! router), [`dispatch`] does what all routes share and calls the route's handler, which parses the
//! request into domain types, asks the store once, and answers.
//!
//! - [`route`]: the four routes, each with its method, its path and its function's name.
//! - [`function`]: a route together with what answers it.
//! - [`service`]: what the handlers answer from.
//! - `speaker`: who asks, by the token in the request.
//! - [`create_conversation`], [`send_message`], [`get_conversation`], [`delete_message`]: what each
//!   answers.

pub mod create_conversation;
pub mod delete_message;
pub mod dispatch;
pub mod function;
pub mod get_conversation;
pub mod lambda;
mod panics;
mod path;
pub mod route;
pub mod send_message;
pub mod service;
mod speaker;
