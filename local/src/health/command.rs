//! The command `health`, by which a container without curl tells whether its router lives.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderValue, Request, StatusCode, Uri};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long the answer may take.
const TIMEOUT: Duration = Duration::from_secs(3);

/// The router that was asked is not healthy.
#[derive(Debug, Error)]
#[error("no healthy router on {host}:{port}: {cause}")]
pub struct HealthError {
    host: String,
    port: u16,
    cause: Cause,
}

#[derive(Debug, Error)]
enum Cause {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Http(#[from] hyper::Error),
    #[error("it answered {0}")]
    Status(StatusCode),
    #[error("it did not answer within {} seconds", TIMEOUT.as_secs())]
    Timeout,
}

/// Asks the router that listens on this address and port whether it lives. It does while its store
/// is down: to start it anew would not bring that back.
pub async fn check(host: &str, port: u16) -> Result<(), HealthError> {
    let host = reachable(host);
    let asked = timeout(TIMEOUT, ask(&host, port)).await;
    asked.unwrap_or(Err(Cause::Timeout)).map_err(|cause| HealthError { host, port, cause })
}

async fn ask(host: &str, port: u16) -> Result<(), Cause> {
    let stream = TcpStream::connect((host, port)).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.uri_mut() = Uri::from_static("/healthz");
    request.headers_mut().insert(HOST, HeaderValue::from_static("localhost"));
    let exchange = async move { sender.send_request(request).await };
    // Dropping the sender at the exchange's end ends the connection.
    match tokio::join!(exchange, connection).0?.status() {
        StatusCode::OK => Ok(()),
        status => Err(Cause::Status(status)),
    }
}

/// Where a router on this machine is reached that listens on an address.
fn reachable(host: &str) -> String {
    match host.parse() {
        Ok(IpAddr::V4(Ipv4Addr::UNSPECIFIED)) => Ipv4Addr::LOCALHOST.to_string(),
        Ok(IpAddr::V6(Ipv6Addr::UNSPECIFIED)) => Ipv6Addr::LOCALHOST.to_string(),
        _ => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_listens_everywhere_is_asked_on_this_machine() {
        assert_eq!(reachable("0.0.0.0"), "127.0.0.1");
        assert_eq!(reachable("::"), "::1");
        assert_eq!(reachable("10.0.0.7"), "10.0.0.7");
        assert_eq!(reachable("localhost"), "localhost");
    }
}
