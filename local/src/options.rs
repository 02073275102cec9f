//! The command line.

use std::time::Duration;

use clap::{Parser, Subcommand};
use shared::config::variable::{environment, number};
use shared::config::{Config, ConfigError};

use crate::container_credentials::ContainerCredentials;
use crate::server::limits::{Limits, TimeLimits};
use crate::token::TokenOptions;

/// Short-lived chat conversations between a customer and an agent: all four functions on one port.
#[derive(Debug, Parser)]
#[command(name = "parley", bin_name = "parley", version, after_help = VARIABLES)]
pub struct Options {
    /// The address to listen on [env: HOST] [default: 127.0.0.1]
    #[arg(long)]
    host: Option<String>,

    /// The port to listen on; 0 takes a free one [env: PORT] [default: 3000]
    #[arg(long)]
    port: Option<String>,

    /// The Redis that keeps the conversations, like redis://127.0.0.1:6379 [env: REDIS_URL] [default: this process's memory]
    #[arg(long)]
    redis_url: Option<String>,

    /// Seconds in which a request's head must arrive, and then its body [env: REQUEST_READ_TIMEOUT_SECONDS] [default: 10]
    #[arg(long)]
    request_read_timeout_seconds: Option<String>,

    /// The port for Prometheus, with GET /metrics; 0 takes a free one [env: METRICS_PORT] [default: none]
    #[arg(long)]
    metrics_port: Option<String>,

    /// What to do instead of listening
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do instead of listening.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Makes a token for trying out.
    Token(TokenOptions),
    /// Asks the router on this HOST and PORT whether it lives; ends with 0 if it does, else with 1.
    Health,
}

const VARIABLES: &str = "\
Further variables:
  REDIS_CLUSTER             true if REDIS_URL names nodes of a cluster [default: false]
  REDIS_CA_CERT             trusted certificates for TLS: PEM, or the path of a file [default: the system's]
  REDIS_IAM_USER, REDIS_IAM_CACHE, REDIS_IAM_SERVERLESS
                            log in to ElastiCache with IAM
  AUTH_SECRET               the secret that signs tokens, at least 32 bytes [default: tokens are off]
  OPEN_CREATION             false if creating a conversation takes a token [default: true]
  QUEUE                     true if the conversations that wait for an agent are listed [default: false]
  CONVERSATION_TTL_SECONDS  seconds that a conversation lives after the last write [default: 1800]
  MAX_CONVERSATION_BYTES    the most bytes of a conversation [default: 4194304]
  MAX_MEMORY_BYTES          the most memory of all conversations without Redis [default: 536870912]
  MAX_CONNECTIONS           the most connections at a time; more are answered 503 [default: 10000]
  IDLE_TIMEOUT_SECONDS      seconds until an idle connection is closed [default: 75]
  RESPONSE_WRITE_TIMEOUT_SECONDS
                            seconds until a client is cut off that does not read its response [default: 30]
  SHUTDOWN_TIMEOUT_SECONDS  seconds in which requests must end after SIGTERM or Ctrl-C [default: 8]
  LOG_FORMAT                text, or json for one object a line [default: text]
  LOG_LEVEL                 off, error, warn, info (a line a request), debug or trace [default: warn]";

/// What the options say, else the environment.
#[derive(Debug)]
pub struct Settings {
    pub host: String,
    pub port: u16,
    /// Where metrics are served; `None` keeps none.
    pub metrics_port: Option<u16>,
    pub limits: Limits,
    pub config: Config,
}

impl Options {
    /// Reads the environment if an option is not given, with the credentials of the container's task
    /// if there are any.
    pub fn settings(&self, task: Option<&ContainerCredentials>) -> Result<Settings, ConfigError> {
        let (host, port) = self.address()?;
        let seconds = |name, default, least| {
            let seconds = number(name, self.variable(name), "seconds", default, least..=3600);
            seconds.map(Duration::from_secs)
        };
        let times = TimeLimits {
            read: seconds("REQUEST_READ_TIMEOUT_SECONDS", 10, 1)?,
            write: seconds("RESPONSE_WRITE_TIMEOUT_SECONDS", 30, 1)?,
            idle: seconds("IDLE_TIMEOUT_SECONDS", 75, 1)?,
        };
        let shutdown = seconds("SHUTDOWN_TIMEOUT_SECONDS", 8, 0)?;
        let name = "MAX_CONNECTIONS";
        let connections = number(name, self.variable(name), "", 10_000, 1..=1_000_000)?;
        Ok(Settings {
            host,
            port,
            metrics_port: self.metrics_port()?,
            limits: Limits { times, shutdown, connections: connections as usize },
            config: Config::from_variables(|name| {
                task.and_then(|task| task.variable(name)).or_else(|| self.variable(name))
            })?,
        })
    }

    /// Reads the host and the port to listen on.
    pub fn address(&self) -> Result<(String, u16), ConfigError> {
        let host = self.variable("HOST").unwrap_or_else(|| "127.0.0.1".to_owned());
        let port = number("PORT", self.variable("PORT"), "", 3000, 0..=65_535)?;
        Ok((host, port as u16))
    }

    fn metrics_port(&self) -> Result<Option<u16>, ConfigError> {
        let name = "METRICS_PORT";
        let Some(text) = self.variable(name) else { return Ok(None) };
        number(name, Some(text), "", 0, 0..=65_535).map(|port| Some(port as u16))
    }

    /// Returns an option, else a variable. An empty variable counts as unset.
    pub fn variable(&self, name: &str) -> Option<String> {
        let option = match name {
            "HOST" => &self.host,
            "PORT" => &self.port,
            "REDIS_URL" => &self.redis_url,
            "METRICS_PORT" => &self.metrics_port,
            "REQUEST_READ_TIMEOUT_SECONDS" => &self.request_read_timeout_seconds,
            _ => &None,
        };
        option.clone().or_else(|| environment(name)).filter(|value| !value.is_empty())
    }
}
