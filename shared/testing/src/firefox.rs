//! Firefox without a screen, driven over WebDriver.

use std::io::{BufRead, BufReader, Read, Write};
use std::mem::ManuallyDrop;
use std::net::TcpStream;
use std::process::{ChildStdout, Command, Stdio};
use std::time::Duration;

use serde_json::json;
use thirtyfour::prelude::*;

use crate::process::Process;

const ADVICE: &str = "The tests need Firefox and geckodriver: local/test.sh installs them on Debian \
    (firefox-esr from apt, geckodriver from crates.io); on macOS: brew install firefox geckodriver.";

/// A `geckodriver` on a port of its own, which has one window.
pub struct Firefox {
    _process: Process,
    /// Held, so that the driver can go on writing.
    _stdout: BufReader<ChildStdout>,
    port: u16,
    session: String,
}

impl Firefox {
    /// Starts a driver and opens its window.
    // The window's own drop would wait for an answer on the very thread that is to read it.
    pub async fn start() -> (Self, ManuallyDrop<WebDriver>) {
        let mut command = Command::new("geckodriver");
        command.args(["--port", "0"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = Process::start(&mut command, ADVICE);
        let mut stdout = BufReader::new(process.0.stdout.take().expect("a pipe"));
        let mut line = String::new();
        let port = loop {
            line.clear();
            let length = stdout.read_line(&mut line).expect("a line");
            assert!(length > 0, "geckodriver ended before it listened. {ADVICE}");
            if let Some((_, port)) = line.trim_end().rsplit_once("Listening on 127.0.0.1:") {
                break port.parse().expect("a port");
            }
        };
        let mut capabilities = DesiredCapabilities::firefox();
        // No proxy, whatever the environment says.
        let options = json!({"args": ["-headless"], "prefs": {"network.proxy.type": 0}});
        capabilities.set("moz:firefoxOptions", options).expect("options");
        let opened = WebDriver::new(&format!("http://127.0.0.1:{port}"), capabilities).await;
        let window = opened.unwrap_or_else(|error| panic!("no window opens: {error}. {ADVICE}"));
        let session = window.handle().session_id().to_string();
        let browser = Self { _process: process, _stdout: stdout, port, session };
        (browser, ManuallyDrop::new(window))
    }
}

impl Drop for Firefox {
    /// A driver that is killed leaves its browser running; one whose session is deleted ends it.
    fn drop(&mut self) {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return };
        let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
        let (session, port) = (&self.session, self.port);
        let request = format!(
            "DELETE /session/{session} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
        );
        let _ = stream.write_all(request.as_bytes());
        let _ = stream.read_to_end(&mut Vec::new());
    }
}
