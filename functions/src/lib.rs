//! Parley's handlers, and the adapter in which Lambda runs them.
//!
//! A request's way is one line. An adapter ([`lambda`], or the local router) makes a
//! [`Request`](http::request::Request) of what arrives. [`middleware`] does what all requests
//! share. The [`endpoint`]'s handler parses the request into domain types, calls the store once,
//! and returns a [`Response`](http::response::Response), which the adapter sends.
//!
//! - [`route`]: the routes, each with its method, its path and its function; [`function`]: the four
//!   functions.
//! - [`endpoint`]: a route together with its handler.
//! - [`http`]: requests, responses, and the mapping of errors to statuses.
//! - `auth`: authenticates and authorizes the caller.
//! - [`state`]: what the handlers share.
//! - [`handlers`]: one module for each route.

mod auth;
pub mod endpoint;
pub mod function;
pub mod handlers;
pub mod http;
pub mod lambda;
pub mod middleware;
pub mod route;
pub mod state;
