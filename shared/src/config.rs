//! The configuration, from environment variables.

mod iam;
mod redis;
mod tokens;
pub mod variable;

use std::ops::RangeInclusive;
use std::time::Duration;

pub use redis::RedisConfig;
use thiserror::Error;

use crate::auth::tokens::Tokens;
use crate::domain::limits::MAX_WAIT_SECONDS;
use crate::event_log;

/// Half an hour.
const TTL_SECONDS: u64 = 30 * 60;
/// A year. Anything longer is a mistake, and far longer would overflow Redis's clock.
const MAX_TTL_SECONDS: u64 = 365 * 24 * 60 * 60;
/// 4 MiB, because a Lambda function's response may have 6 MB.
const MAX_CONVERSATION_BYTES: u64 = 4 * 1024 * 1024;
/// 512 MiB: hundreds of thousands of short conversations, and no more than a small container has.
const MEMORY_BYTES: u64 = 512 * 1024 * 1024;
/// A quarter of a second, at which a browser misses little, to a minute.
const FOLLOW_RETRY_MILLISECONDS: RangeInclusive<u64> = 250..=60_000;

const SECONDS: &str = "seconds";
const BYTES: &str = "bytes";

/// What can be configured, however Parley runs.
#[derive(Clone, Debug)]
pub struct Config {
    /// The Redis that stores the conversations; `None` stores them in memory.
    pub redis: Option<RedisConfig>,
    /// `CONVERSATION_TTL_SECONDS`: how long after the last write a conversation expires.
    pub conversation_ttl: Duration,
    /// `MAX_CONVERSATION_BYTES`: how many bytes the events of one conversation may have.
    pub max_conversation_bytes: usize,
    /// `MAX_MEMORY_BYTES`: how many bytes all conversations in memory may take.
    pub max_memory_bytes: usize,
    /// `AUTH_SECRET`: the tokens that requests must carry; `None` requires none.
    pub tokens: Option<Tokens>,
    /// `OPEN_CREATION`: whether creating a conversation takes no token.
    pub open_creation: bool,
    /// `QUEUE`: whether the conversations that wait for an agent are listed.
    pub queue: bool,
    /// `FOLLOW_HOLD_SECONDS`: how long a function holds a request that waits.
    pub follow_hold: Duration,
    /// `FOLLOW_RETRY_MILLISECONDS`: after how long a browser asks a function for the next events.
    pub follow_retry: Duration,
}

/// A variable with a value that cannot be used. The text is one line, which says what is expected.
#[derive(Debug, PartialEq, Eq, Error)]
#[error("{variable} must be {expectation}")]
pub struct ConfigError {
    /// The variable's name.
    pub variable: &'static str,
    /// What its value must be, and what it is unless that may be a secret.
    pub expectation: String,
}

impl Config {
    /// Reads the process's environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_variables(variable::environment)
    }

    /// Reads variables from any source. An empty variable counts as unset.
    pub fn from_variables(
        variable: impl Fn(&'static str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let variable = |name| variable(name).filter(|value| !value.is_empty());
        let number = |name, unit, default, range: RangeInclusive<u64>| {
            variable::number(name, variable(name), unit, default, range)
        };
        let ttl = number("CONVERSATION_TTL_SECONDS", SECONDS, TTL_SECONDS, 1..=MAX_TTL_SECONDS)?;
        let conversation_ttl = Duration::from_secs(ttl);
        let max_conversation_bytes = number(
            "MAX_CONVERSATION_BYTES",
            BYTES,
            MAX_CONVERSATION_BYTES,
            1..=MAX_CONVERSATION_BYTES,
        )?;
        let max_memory_bytes =
            number("MAX_MEMORY_BYTES", BYTES, MEMORY_BYTES, 1..=usize::MAX as u64)?;
        let follow_hold =
            number("FOLLOW_HOLD_SECONDS", SECONDS, MAX_WAIT_SECONDS, 0..=MAX_WAIT_SECONDS)?;
        let retry = FOLLOW_RETRY_MILLISECONDS;
        let follow_retry =
            number("FOLLOW_RETRY_MILLISECONDS", "milliseconds", *retry.start(), retry)?;
        let tokens = tokens::tokens(variable("AUTH_SECRET"), conversation_ttl)?;
        let open_creation = variable::boolean("OPEN_CREATION", variable("OPEN_CREATION"), true)?;
        let queue = variable::boolean("QUEUE", variable("QUEUE"), false)?;
        if !open_creation && tokens.is_none() {
            let expectation = "true where AUTH_SECRET is not set".to_owned();
            return Err(ConfigError { variable: "OPEN_CREATION", expectation });
        }
        Ok(Self {
            redis: RedisConfig::from_variables(variable)?,
            conversation_ttl,
            max_conversation_bytes: max_conversation_bytes as usize,
            max_memory_bytes: max_memory_bytes as usize,
            tokens,
            open_creation,
            queue,
            follow_hold: Duration::from_secs(follow_hold),
            follow_retry: Duration::from_millis(follow_retry),
        })
    }

    /// Fails if no Redis is configured.
    pub fn require_redis(&self) -> Result<(), ConfigError> {
        match self.redis {
            Some(_) => Ok(()),
            None => Err(redis::unusable_url("; it is not set")),
        }
    }

    /// How many bytes one conversation's string may have.
    pub(crate) fn max_conversation_length(&self) -> usize {
        self.max_conversation_bytes + event_log::FRONT_LENGTH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(name: &'static str, value: &str) -> Result<Config, ConfigError> {
        Config::from_variables(|asked| (asked == name).then(|| value.to_owned()))
    }

    #[test]
    fn nothing_set_means_half_an_hour_4_mib_and_no_redis() {
        let config = Config::from_variables(|_| None).unwrap();
        assert_eq!(config.conversation_ttl, Duration::from_secs(1800));
        assert_eq!(config.max_conversation_bytes, 4_194_304);
        assert_eq!(config.max_memory_bytes, 536_870_912);
        assert!(config.redis.is_none());
        assert!(config.require_redis().unwrap_err().to_string().starts_with("REDIS_URL must be"));
    }

    #[test]
    fn a_life_of_zero_is_refused_by_name() {
        for wrong in ["0", "-1", "+5", " 5", "1.5", "half an hour", "31536001"] {
            let error = config("CONVERSATION_TTL_SECONDS", wrong).unwrap_err().to_string();
            assert!(error.contains("CONVERSATION_TTL_SECONDS must be"), "{error}");
            assert!(error.contains(wrong), "{error}");
        }
    }
}
