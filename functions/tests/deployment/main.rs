//! The template and the manifest beside the code that they name.
#![allow(clippy::expect_used, clippy::panic)]

mod routes;
mod stack;
mod stack_environment;
mod template;
