//! The log of the process: one line for each event, and never a message's content.

use json_subscriber::JsonLayer;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::time::SystemTime;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::ConfigError;
use crate::config::variable::environment;

/// The format of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line, for what gathers logs.
    Json,
    /// Text, for a terminal.
    Text,
}

impl Format {
    /// Reads the value of `LOG_FORMAT`; text if it is unset.
    pub fn from_variable(value: Option<String>) -> Result<Self, ConfigError> {
        match value.as_deref() {
            None | Some("text") => Ok(Self::Text),
            Some("json") => Ok(Self::Json),
            Some(other) => {
                let expectation = format!("json or text, not {other:?}");
                Err(ConfigError { variable: "LOG_FORMAT", expectation })
            }
        }
    }
}

/// Starts logging at the level `LOG_LEVEL`, or `default` if it is unset.
pub fn start<W>(format: Format, writer: W, default: LevelFilter) -> Result<(), ConfigError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let level = level(environment("LOG_LEVEL").filter(|name| !name.is_empty()), default)?;
    // The message of a panic may hold a part of what it worked on.
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string);
        tracing::error!(location, "panicked");
    }));
    match format {
        Format::Json => json(level, writer).init(),
        Format::Text => {
            let lines = tracing_subscriber::fmt::layer().with_target(false);
            let lines = lines.with_writer(writer);
            tracing_subscriber::registry().with(filter(level)).with(lines).init();
        }
    }
    Ok(())
}

/// Reads the value of `LOG_LEVEL`, a name in whatever case; `default` if it is unset.
fn level(value: Option<String>, default: LevelFilter) -> Result<LevelFilter, ConfigError> {
    let Some(name) = value else { return Ok(default) };
    // tracing reads numbers as well.
    let level = name.parse().ok().filter(|_| name.bytes().all(|byte| byte.is_ascii_alphabetic()));
    level.ok_or_else(|| {
        let expectation = format!("off, error, warn, info, debug or trace, not {name:?}");
        ConfigError { variable: "LOG_LEVEL", expectation }
    })
}

/// Makes a subscriber that writes a JSON object a line: an event's fields, and those of the request's
/// span.
pub fn json<W>(level: LevelFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let mut lines = JsonLayer::new(writer);
    lines.with_timer("timestamp", SystemTime).with_level("level");
    lines.with_flattened_event().with_top_level_flattened_current_span();
    tracing_subscriber::registry().with(filter(level)).with(lines)
}

/// Keeps every other crate at `info`: below that, lambda_runtime logs whole events, with tokens and
/// contents.
fn filter(level: LevelFilter) -> Targets {
    let own = ["shared", "functions", "local"].map(|name| (name, level));
    Targets::new().with_default(level.min(LevelFilter::INFO)).with_targets(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_a_name_and_no_number() {
        let read = |name: &str| level(Some(name.to_owned()), LevelFilter::WARN);
        for name in ["off", "error", "warn", "info", "debug", "trace"] {
            assert_eq!(read(name).unwrap().to_string(), name);
        }
        assert_eq!(read("INFO"), Ok(LevelFilter::INFO));
        assert_eq!(level(None, LevelFilter::WARN), Ok(LevelFilter::WARN));
        for wrong in ["3", "+3", "verbose", "info ", "shared=info"] {
            let error = read(wrong).unwrap_err().to_string();
            assert!(error.starts_with("LOG_LEVEL must be off, error"), "{error}");
        }
    }
}
