//! Reading one variable.

use std::ops::RangeInclusive;

use super::ConfigError;

/// Reads a variable of the process's environment.
pub fn environment(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// Reads a whole number, written in digits alone; `default` if the variable is unset.
pub fn number(
    name: &'static str,
    value: Option<String>,
    unit: &str,
    default: u64,
    range: RangeInclusive<u64>,
) -> Result<u64, ConfigError> {
    let Some(text) = value else { return Ok(default) };
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|number| is_digits && range.contains(number));
    number.ok_or_else(|| {
        let (start, end) = range.into_inner();
        let of = if unit.is_empty() { "" } else { " of " };
        let expectation = format!("a whole number{of}{unit} from {start} to {end}, not {text:?}");
        ConfigError { variable: name, expectation }
    })
}

/// Reads `true` or `false`; `default` if the variable is unset.
pub fn boolean(
    name: &'static str,
    value: Option<String>,
    default: bool,
) -> Result<bool, ConfigError> {
    match value.as_deref() {
        None => Ok(default),
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(other) => {
            let expectation = format!("true or false, not {other:?}");
            Err(ConfigError { variable: name, expectation })
        }
    }
}
