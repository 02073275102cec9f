//! What the process tells those who operate it: one line an event, never a message's content.

use tracing::level_filters::LevelFilter;

use crate::config::ConfigError;

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line, on standard output, for CloudWatch Logs.
    Json,
    /// Words, on standard error, for a terminal.
    Text,
}

/// Starts logging from a level on: `LOG_LEVEL`, one of off, error, warn, info, debug and trace,
/// else `default`.
pub fn start(format: Format, default: LevelFilter) -> Result<(), ConfigError> {
    let level = match std::env::var("LOG_LEVEL") {
        Ok(name) if !name.is_empty() => name.parse().map_err(|_| ConfigError {
            variable: "LOG_LEVEL",
            expectation: format!("off, error, warn, info, debug or trace, not {name:?}"),
        })?,
        _ => default,
    };
    let lines = tracing_subscriber::fmt().with_max_level(level).with_target(false);
    match format {
        Format::Json => {
            lines.json().flatten_event(true).with_current_span(false).with_span_list(false).init()
        }
        Format::Text => lines.with_writer(std::io::stderr).init(),
    }
    Ok(())
}
