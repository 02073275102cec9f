//! One measurement.

use std::io::Write;
use std::process::Command;

use tempfile::NamedTempFile;

use crate::Outcome;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/throughput/wrk.lua");

/// What a measurement found.
#[derive(Clone, Copy)]
pub struct Figures {
    /// Requests answered in a second.
    pub throughput: f64,
    /// Milliseconds that half of the answers took at most.
    pub median: f64,
    /// Milliseconds that 99 % of them took at most.
    pub p99: f64,
}

/// Sends the requests in turn, on so many connections, for so long; any that fails is an error.
pub fn measure(url: &str, requests: &[String], connections: u32, seconds: u32) -> Outcome<Figures> {
    let mut file = NamedTempFile::new()?;
    // A character that no request holds stands between them.
    file.write_all(requests.join("\u{2}").as_bytes())?;
    let output = Command::new("wrk")
        .args(["--threads", "1", "--connections", &connections.to_string()])
        .args(["--duration", &format!("{seconds}s"), "--timeout", "10s"])
        .args(["--script", SCRIPT, url, "--"])
        .arg(file.path())
        .output()
        .map_err(|error| {
            format!("cannot start wrk: {error}. local/scripts/bench.sh installs it")
        })?;
    let said = String::from_utf8_lossy(&output.stdout);
    let found = figures(&said).ok_or_else(|| {
        format!("wrk has measured nothing: {said}{}", String::from_utf8_lossy(&output.stderr))
    })?;
    let [answered, microseconds, median, p99, refused, broken] = found;
    if answered == 0.0 {
        return Err("nothing was answered".into());
    }
    if refused + broken > 0.0 {
        return Err(format!(
            "with {connections} connections, {refused} of {answered} answers were errors, and \
             {broken} times a connection failed or an answer took over 10 s"
        )
        .into());
    }
    Ok(Figures { throughput: answered / microseconds * 1e6, median: median / 1e3, p99: p99 / 1e3 })
}

/// The six numbers that the script prints.
fn figures(said: &str) -> Option<[f64; 6]> {
    let line = said.lines().find_map(|line| line.strip_prefix("measured "))?;
    let numbers: Result<Vec<f64>, _> = line.split(' ').map(str::parse).collect();
    numbers.ok()?.try_into().ok()
}
