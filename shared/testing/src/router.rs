//! The local router as a process.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::Variables;
use crate::process::Process;

/// A running router.
pub struct Router {
    /// Its process.
    pub process: Process,
    /// Where it listens, like `http://127.0.0.1:40123`.
    pub url: String,
    /// The line with which it says that it does.
    pub greeting: String,
}

impl Router {
    /// Starts the binary on a free port; without a Redis it keeps conversations in memory.
    pub fn start(binary: &str, redis_url: Option<&str>, variables: Variables) -> Self {
        let mut command = Command::new(binary);
        command.envs(variables.iter().copied());
        Self::launch(command, redis_url)
    }

    /// Starts it by a command that may say more.
    pub fn launch(mut command: Command, redis_url: Option<&str>) -> Self {
        command.env_remove("REDIS_URL").args(["--port", "0"]);
        if let Some(url) = redis_url {
            command.args(["--redis-url", url]);
        }
        let mut process = Process::start(command.stdout(Stdio::piped()), "");
        let stdout = process.0.stdout.take().expect("a pipe");
        let mut greeting = String::new();
        BufReader::new(stdout).read_line(&mut greeting).expect("a line");
        let url = greeting.split([' ', ',']).find(|word| word.starts_with("http://"));
        let url = url.expect("the address in the first line").to_owned();
        Self { process, url, greeting }
    }
}
