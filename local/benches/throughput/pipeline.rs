//! An HTTP client for what goes before a measurement: it must be quick, and little else.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::Outcome;

/// Requests on their way at once; they and their answers fit into a socket's buffers.
const BATCH: usize = 200;

/// Sends requests, each of which must be answered with `201`; `heard` is given the answers, some
/// at a time.
pub fn run(
    url: &str,
    requests: impl Iterator<Item = String>,
    mut heard: impl FnMut(&str),
) -> Outcome<()> {
    let mut connection = connect(url)?;
    let mut requests = requests.peekable();
    while requests.peek().is_some() {
        let batch: Vec<_> = requests.by_ref().take(BATCH).collect();
        connection.write_all(batch.concat().as_bytes())?;
        let answers = answers(&mut connection, batch.len())?;
        if answers.matches("HTTP/1.1 201 ").count() != batch.len() {
            return Err(format!("a preparing request was refused:\n{answers}").into());
        }
        heard(&answers);
    }
    Ok(())
}

/// Sends one request and returns its answer, head and body.
pub fn answer(url: &str, request: &str) -> Outcome<String> {
    let mut connection = connect(url)?;
    let last = request.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    connection.write_all(last.as_bytes())?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Reads this many answers, each of which ends as the only object in it does.
fn answers(connection: &mut TcpStream, number: usize) -> Outcome<String> {
    let mut answers = Vec::new();
    let mut part = [0; 64 * 1024];
    let ends = |bytes: &[u8]| bytes.windows(2).filter(|end| end == b"\"}").count();
    while ends(&answers) < number {
        let length = connection.read(&mut part)?;
        if length == 0 {
            return Err("the server closed a connection".into());
        }
        answers.extend_from_slice(&part[..length]);
    }
    Ok(String::from_utf8(answers)?)
}

fn connect(url: &str) -> Outcome<TcpStream> {
    let connection = TcpStream::connect(url.trim_start_matches("http://"))?;
    connection.set_read_timeout(Some(Duration::from_secs(10)))?;
    Ok(connection)
}
