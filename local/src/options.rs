//! The command line.

use std::time::Duration;

use clap::{Parser, Subcommand, value_parser};
use shared::config::{Config, ConfigError};

use crate::token::TokenOptions;

/// Short-lived chat conversations between a customer and an agent: all four functions on one port.
#[derive(Debug, Parser)]
#[command(name = "parley", bin_name = "parley", version, after_help = VARIABLES)]
pub struct Options {
    /// The address to listen on
    #[arg(long, env = "HOST", default_value = "127.0.0.1")]
    pub host: String,

    /// The port to listen on; 0 takes a free one
    #[arg(long, env = "PORT", default_value_t = 3000)]
    pub port: u16,

    /// The Redis that keeps the conversations, like redis://127.0.0.1:6379 [default: this process's memory]
    // Its value may hold a password, which --help would show.
    #[arg(long, env = "REDIS_URL", hide_env_values = true)]
    redis_url: Option<String>,

    /// Seconds in which a request's head must arrive, and then its body
    #[arg(long, env, default_value_t = 10, value_parser = value_parser!(u64).range(1..=3600))]
    request_read_timeout_seconds: u64,

    /// What to do instead of listening
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do instead of listening.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Makes a token for trying out.
    Token(TokenOptions),
}

const VARIABLES: &str = "\
Further variables:
  REDIS_CLUSTER             true if REDIS_URL names nodes of a cluster [default: false]
  REDIS_CA_CERT             trusted certificates for TLS: PEM, or the path of a file [default: the system's]
  REDIS_IAM_USER, REDIS_IAM_CACHE, REDIS_IAM_SERVERLESS
                            log in to ElastiCache with IAM
  AUTH_SECRET               the secret that signs tokens, at least 32 bytes [default: tokens are off]
  CONVERSATION_TTL_SECONDS  seconds that a conversation lives after the last write [default: 1800]
  MAX_CONVERSATION_BYTES    the most bytes of a conversation [default: 4194304]
  MAX_MEMORY_BYTES          the most memory of all conversations without Redis [default: 536870912]
  LOG_LEVEL                 off, error, warn, info (a line a request), debug or trace [default: warn]";

impl Options {
    /// The environment's configuration, with what the command line says.
    pub fn config(&self) -> Result<Config, ConfigError> {
        Config::from_variables(|name| match name {
            "REDIS_URL" => self.redis_url.clone(),
            _ => std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()),
        })
    }

    /// How long a client may take over a request's head, and as long again over its body.
    pub fn read_timeout(&self) -> Duration {
        Duration::from_secs(self.request_read_timeout_seconds)
    }
}
