//! The command `health`, by which a container without curl tells whether its router lives.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{Request, StatusCode};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long the answer may take.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Why the router is not healthy.
#[derive(Debug, Error)]
pub enum HealthError {
    #[error("no router answers on {0}:{1}: {2}")]
    Connection(String, u16, std::io::Error),
    #[error("what answers on {0}:{1} broke off: {2}")]
    Http(String, u16, hyper::Error),
    #[error("what answers on {0}:{1} is no healthy router: it answered {2}")]
    Status(String, u16, StatusCode),
    #[error("nothing answered on {0}:{1} within {seconds} seconds", seconds = TIMEOUT.as_secs())]
    Timeout(String, u16),
}

/// Asks the router that listens on this address and port whether it lives. It does while its store
/// is down: to start it anew would not bring that back.
pub async fn check(host: &str, port: u16) -> Result<(), HealthError> {
    let host = reachable(host);
    let asking = timeout(TIMEOUT, ask(&host, port)).await;
    asking.unwrap_or_else(|_| Err(HealthError::Timeout(host.clone(), port)))
}

async fn ask(host: &str, port: u16) -> Result<(), HealthError> {
    let stream = TcpStream::connect((host, port)).await;
    let stream = stream.map_err(|error| HealthError::Connection(host.to_owned(), port, error))?;
    let broken = |error| HealthError::Http(host.to_owned(), port, error);
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.uri_mut() = http::Uri::from_static("/healthz");
    request.headers_mut().insert(HOST, http::HeaderValue::from_static("localhost"));
    let exchange = async move { sender.send_request(request).await.map(|it| it.status()) };
    // Dropping the sender at the exchange's end ends the connection.
    match tokio::join!(exchange, connection).0.map_err(broken)? {
        StatusCode::OK => Ok(()),
        status => Err(HealthError::Status(host.to_owned(), port, status)),
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
