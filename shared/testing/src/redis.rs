//! A real `redis-server`, or another program that speaks as one.
//!
//! `PARLEY_REDIS_SERVER` names the program that tests start, so that every suite can run on another
//! server; see `local/scripts/test_other_servers.sh`.

mod program;

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::process::Process;
use crate::wait::{PATIENCE, wait_until};
pub use program::Program;

/// A server on a port of its own, with nothing in it.
pub struct RedisServer {
    program: Program,
    process: Option<Process>,
    port: u16,
    directory: TempDir,
    options: Vec<String>,
}

impl RedisServer {
    /// Starts one, and waits until it answers.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one with further options, as on its command line.
    pub fn start_with(options: &[&str]) -> Self {
        Self::start_program(Program::usual(), options)
    }

    /// Starts one of some program, with further options.
    pub fn start_program(program: Program, options: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let options: Vec<_> = options.iter().map(|option| (*option).to_owned()).collect();
        // Another process may take the free port before Redis does. Then the next port is tried.
        for _ in 0..10 {
            let port = free_port();
            let mut process = launch(&program, port, &directory, &options);
            if answers(port, &mut process) {
                return Self { program, process: Some(process), port, directory, options };
            }
        }
        panic!("{} would not start on ten free ports in a row", program.path);
    }

    /// Starts one that follows another as its replica, and waits until it has caught up.
    pub fn start_replica_of(primary: &Self) -> Self {
        let replica = Self::start();
        replica.command(&["REPLICAOF", "127.0.0.1", &primary.port.to_string()]);
        wait_until("the replica has caught up", || {
            replica.command(&["INFO", "replication"]).contains("master_link_status:up")
        });
        replica
    }

    /// The URL by which clients reach it.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Runs one command, which must succeed.
    pub fn expect_ok(&self, words: &[&str]) {
        let answer = self.command(words);
        assert_eq!(answer, "+OK\r\n", "{words:?}");
    }

    /// The processor time that it has used, in milliseconds.
    pub fn processor_time(&self) -> u64 {
        let process = self.process.as_ref().expect("a running server");
        crate::process::processor_time(process.0.id())
    }

    /// Whether it has not been killed.
    pub fn is_running(&self) -> bool {
        self.process.is_some()
    }

    /// Kills it, with all it holds.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts it again on the same port, with what was saved last. It saves nothing by itself.
    pub fn restart(&mut self) {
        self.kill();
        let mut process = launch(&self.program, self.port, &self.directory, &self.options);
        assert!(answers(self.port, &mut process), "{} would not start again", self.program.path);
        self.process = Some(process);
    }

    /// Takes bytes off the end of the append-only file that it, when killed, left behind.
    pub fn cut_append_only_file(&self, bytes: u64) {
        let path = self.directory.path().join("appendonlydir/appendonly.aof.1.incr.aof");
        let file = File::options().write(true).open(path).expect("an append-only file");
        let length = file.metadata().expect("its length").len();
        file.set_len(length - bytes).expect("a shorter file");
    }

    /// Saves what it holds, for the next restart.
    pub fn save(&self) {
        self.command(&["SAVE"]);
    }

    /// Sends its process a signal, by its name without SIG.
    pub fn signal(&self, name: &str) {
        self.process.as_ref().expect("a running server").signal(name);
    }

    /// Runs one command (words without blanks in them) and returns the answer as it came.
    pub fn command(&self, words: &[&str]) -> String {
        command(self.port, words).expect("an answer from Redis")
    }
}

/// The URL of a Redis for a test that needs nothing but the URL: that of `PARLEY_TEST_REDIS_URL` where
/// it is set, or else of a server of the test's own, which runs until it is dropped.
pub fn any_redis() -> (String, Option<RedisServer>) {
    match std::env::var("PARLEY_TEST_REDIS_URL") {
        Ok(url) => (url, None),
        Err(_) => {
            let redis = RedisServer::start();
            (redis.url(), Some(redis))
        }
    }
}

/// How often a server has run a command, by `INFO commandstats`.
pub fn calls(server: &RedisServer, command: &str) -> u64 {
    let stats = server.command(&["INFO", "commandstats"]);
    let line =
        stats.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
    line.and_then(|rest| rest.split(',').next()?.parse().ok()).unwrap_or_default()
}

fn launch(program: &Program, port: u16, directory: &TempDir, options: &[String]) -> Process {
    let mut command = Command::new(&program.path);
    command.args(&program.arguments);
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
    command
        .args(["--enable-debug-command", "local", "--appendonly", "no", "--dir"])
        .arg(directory.path())
        .args(options);
    Process::start(command.stdout(Stdio::null()).stderr(Stdio::null()), program.advice)
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("the address it was bound to").port()
}

fn answers(port: u16, process: &mut Process) -> bool {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if command(port, &["PING"]).is_ok_and(|answer| answer.starts_with("+PONG")) {
            return true;
        }
        if process.0.try_wait().is_ok_and(|status| status.is_some()) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    false
}

/// A connection on which Redis is asked again and again how quickly it answers.
pub struct Pings(TcpStream);

impl Pings {
    /// Connects to the server at a port of this machine.
    pub fn open(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        Self(stream)
    }

    /// How long one question and its answer take.
    pub fn ping(&mut self) -> Duration {
        let asked = Instant::now();
        self.0.write_all(b"PING\r\n").expect("a request");
        self.0.read_exact(&mut [0; 7]).expect("+PONG");
        asked.elapsed()
    }
}

/// Runs one command on the server at a port of this machine.
pub fn command(port: u16, words: &[&str]) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    // QUIT makes the server close the connection, so that the answer's end shows.
    stream.write_all(format!("{}\r\nQUIT\r\n", words.join(" ")).as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.strip_suffix("+OK\r\n").unwrap_or(&answer).to_owned())
}
