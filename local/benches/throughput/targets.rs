//! The servers that are measured.

use std::fmt;
use std::process::Command;

use testing::redis::RedisServer;
use testing::router::Router;

use crate::Outcome;

/// One of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The router, on Redis.
    Router,
    /// The least that can serve the same, on the same Redis.
    Floor,
    /// The router without Redis.
    Memory,
    /// What most such services do, on the same Redis.
    Naive,
}

impl Target {
    /// Starts it on a free port, with nothing of this process's environment.
    pub fn start(self, redis: &RedisServer) -> Outcome<Router> {
        let mut command = match self {
            Self::Router | Self::Memory => Command::new(env!("CARGO_BIN_EXE_local")),
            Self::Floor | Self::Naive => Command::new(std::env::current_exe()?),
        };
        match self {
            Self::Router | Self::Memory => {}
            Self::Floor => _ = command.arg("floor"),
            Self::Naive => _ = command.arg("naive"),
        }
        command.env_clear();
        let redis_url = (self != Self::Memory).then(|| redis.url());
        Ok(Router::launch(command, redis_url.as_deref()))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Router => "router",
            Self::Floor => "floor",
            Self::Memory => "memory",
            Self::Naive => "naive",
        })
    }
}
