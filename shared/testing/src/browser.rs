//! A real browser: Chromium without a screen, driven over WebDriver.

use std::io::{BufRead, BufReader, Read, Write};
use std::mem::ManuallyDrop;
use std::net::TcpStream;
use std::process::{ChildStdout, Command, Stdio};
use std::time::Duration;

use serde_json::json;
use thirtyfour::prelude::*;
use thirtyfour::{ChromiumLikeCapabilities, LoggingPrefsLogLevel};

use crate::process::Process;

const ADVICE: &str = "The tests need Chromium and its driver: local/test.sh installs them on Debian \
    (apt-get install chromium chromium-driver); on macOS: brew install chromium chromedriver.";

const ARGUMENTS: [&str; 5] = [
    "--headless=new",
    // Root, as whom containers run tests, has no sandbox; nothing foreign is loaded anyway.
    "--no-sandbox",
    // A container's shared memory is often too small for it.
    "--disable-dev-shm-usage",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
];

/// A `chromedriver` on a port of its own; ends with every window it has opened.
pub struct Browser {
    _process: Process,
    /// Held, so that the driver can go on writing.
    _stdout: BufReader<ChildStdout>,
    port: u16,
}

impl Browser {
    /// Starts a driver.
    pub fn start() -> Self {
        let mut command = Command::new("chromedriver");
        command.args(["--port=0"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = Process::start(&mut command, ADVICE);
        let mut stdout = BufReader::new(process.0.stdout.take().expect("a pipe"));
        let mut line = String::new();
        let port = loop {
            line.clear();
            let length = stdout.read_line(&mut line).expect("a line");
            assert!(length > 0, "chromedriver ended before it listened. {ADVICE}");
            if let Some((_, port)) =
                line.trim_end().trim_end_matches('.').rsplit_once("successfully on port ")
            {
                break port.parse().expect("a port");
            }
        };
        Self { _process: process, _stdout: stdout, port }
    }

    /// Opens a window that shares nothing with the others, as on another computer.
    // Its own drop would wait for an answer on the very thread that is to read it.
    pub async fn window(&self) -> ManuallyDrop<WebDriver> {
        let mut capabilities = DesiredCapabilities::chrome();
        for argument in ARGUMENTS {
            capabilities.add_arg(argument).expect("an argument");
        }
        capabilities.set_browser_log_level(LoggingPrefsLogLevel::All).expect("a log level");
        let opened = WebDriver::new(&format!("http://127.0.0.1:{}", self.port), capabilities).await;
        ManuallyDrop::new(
            opened.unwrap_or_else(|error| panic!("no window opens: {error}. {ADVICE}")),
        )
    }
}

/// Gives a window a size and a color scheme, `light` or `dark`.
pub async fn window_size(
    window: &WebDriver,
    color_scheme: &str,
    width: u32,
    height: u32,
) -> WebDriverResult<()> {
    let features = json!([{"name": "prefers-color-scheme", "value": color_scheme}]);
    window.cdp().send_raw("Emulation.setEmulatedMedia", json!({"features": features})).await?;
    let size = json!({
        "width": width, "height": height, "deviceScaleFactor": 2, "mobile": width < 500,
    });
    window.cdp().send_raw("Emulation.setDeviceMetricsOverride", size).await?;
    Ok(())
}

impl Drop for Browser {
    /// A driver that is killed leaves its browsers running; one that is asked to go takes them along.
    fn drop(&mut self) {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return };
        let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
        let request = b"GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
        let _ = stream.write_all(request);
        let _ = stream.read_to_end(&mut Vec::new());
    }
}
