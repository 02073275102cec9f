//! `AUTH_SECRET`: the secrets that sign tokens.

use std::time::Duration;

use super::ConfigError;
use crate::auth::tokens::{MIN_SECRET_BYTES, Tokens};

/// How long a customer's token is valid at least. A conversation seldom lasts a day.
const MIN_CUSTOMER_TOKEN_TTL: Duration = Duration::from_secs(24 * 60 * 60);

/// Reads one secret, or several with commas between them. `None` if the variable is unset, which
/// switches tokens off.
pub(super) fn tokens(
    auth_secret: Option<String>,
    conversation_ttl: Duration,
) -> Result<Option<Tokens>, ConfigError> {
    let Some(text) = auth_secret else { return Ok(None) };
    let secrets: Vec<_> = text.split(',').map(str::trim).collect();
    match Tokens::new(&secrets, MIN_CUSTOMER_TOKEN_TTL.max(conversation_ttl)) {
        Some(tokens) => Ok(Some(tokens)),
        None => Err(ConfigError {
            variable: "AUTH_SECRET",
            expectation: format!(
                "one or more secrets of at least {MIN_SECRET_BYTES} bytes, separated by \
                 commas; `openssl rand -hex 32` creates one"
            ),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRONG: &str = "0123456789abcdef0123456789abcdef";

    fn read(text: &str) -> Result<Option<Tokens>, ConfigError> {
        tokens(Some(text.to_owned()), Duration::from_secs(1800))
    }

    #[test]
    fn one_strong_secret_or_several_switch_tokens_on() {
        assert!(tokens(None, Duration::ZERO).unwrap().is_none());
        assert!(read(STRONG).unwrap().is_some());
        assert!(read(&format!("{STRONG}, {STRONG}x")).unwrap().is_some());
    }

    #[test]
    fn a_weak_secret_is_refused_by_name_and_never_shown() {
        for weak in
            ["hunter2", ",", " ", &STRONG[1..], &format!("{STRONG},hunter2"), &format!("{STRONG},")]
        {
            let error = read(weak).unwrap_err().to_string();
            assert!(
                error.starts_with("AUTH_SECRET must be one or more secrets of at least 32"),
                "{error}"
            );
            assert!(!error.contains("hunter2") && !error.contains(STRONG), "{error}");
        }
        assert!(!format!("{:?}", read(STRONG).unwrap()).contains(STRONG));
    }
}
