//! The endpoint itself: where it is, and how it is asked.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{AUTHORIZATION, HOST};
use http::{HeaderValue, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use shared::config::ConfigError;
use shared::elasticache::token::Credentials;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::ExpiringCredentials;

const RELATIVE_URI: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
const FULL_URI: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const TOKEN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
const TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";

/// Where ECS has its endpoint.
const ECS_HOST: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2));
/// The hosts besides this machine that are sent the authorization in the clear, as in AWS's own
/// libraries: those of ECS and of EKS.
const HOSTS: [&str; 3] = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"];
/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(2);
/// How long an answer may be; it has about two thousand bytes.
const MAX_BYTES: usize = 64 * 1024;

/// Where a task's credentials are asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Endpoint {
    address: SocketAddr,
    path: String,
    authorization: Authorization,
}

/// What the endpoint is shown.
#[derive(Debug, PartialEq, Eq)]
enum Authorization {
    None,
    Token(String),
    /// A file that changes: it is read for each request.
    File(String),
}

/// Why the endpoint gave no credentials. No text holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// It could not be reached, or the file of its authorization not be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It broke off.
    #[error(transparent)]
    Http(#[from] hyper::Error),
    /// It took too long.
    #[error("the endpoint took longer than {} seconds", TIMEOUT.as_secs())]
    Timeout,
    /// It refused.
    #[error("the endpoint answered {0}")]
    Status(StatusCode),
    /// The authorization cannot be sent.
    #[error("the authorization is not the value of a header")]
    Authorization,
    /// It answered something else.
    #[error("the endpoint's answer holds no credentials")]
    Answer,
    /// It answered with credentials that cannot be used any more.
    #[error("the endpoint's credentials have expired")]
    Expired,
}

impl Endpoint {
    /// Reads where the endpoint is; `None` where there is none.
    pub fn from_variables(
        variable: impl Fn(&'static str) -> Option<String>,
    ) -> Result<Option<Self>, ConfigError> {
        let variable = |name| variable(name).filter(|value| !value.is_empty());
        let (address, path) = match (variable(RELATIVE_URI), variable(FULL_URI)) {
            (None, None) => return Ok(None),
            (Some(path), _) if path.starts_with('/') => (SocketAddr::new(ECS_HOST, 80), path),
            (Some(_), _) => return Err(must(RELATIVE_URI, "a path that begins with a slash")),
            (None, Some(uri)) => location(&uri).ok_or_else(|| {
                let hosts = HOSTS.join(", ");
                must(FULL_URI, &format!("an http:// URL on this machine or on {hosts}"))
            })?,
        };
        let authorization = match (variable(TOKEN_FILE), variable(TOKEN)) {
            (Some(file), _) => Authorization::File(file),
            (None, Some(token)) => Authorization::Token(token),
            (None, None) => Authorization::None,
        };
        Ok(Some(Self { address, path, authorization }))
    }

    /// Asks for the credentials of the moment.
    pub(super) async fn get(&self) -> Result<ExpiringCredentials, EndpointError> {
        let answer =
            timeout(TIMEOUT, self.answer()).await.map_err(|_| EndpointError::Timeout)??;
        let credentials = credentials(&answer).ok_or(EndpointError::Answer)?;
        match credentials.expiration {
            Some(expiration) if expiration <= SystemTime::now() => Err(EndpointError::Expired),
            _ => Ok(credentials),
        }
    }

    async fn answer(&self) -> Result<Bytes, EndpointError> {
        let mut request = Request::get(self.path.as_str()).header(HOST, self.address.to_string());
        if let Some(authorization) = self.authorization()? {
            request = request.header(AUTHORIZATION, authorization);
        }
        let request = request.body(Empty::<Bytes>::new()).map_err(|_| EndpointError::Answer)?;
        let stream = TcpStream::connect(self.address).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let exchange = async move {
            let response = sender.send_request(request).await?;
            if response.status() != StatusCode::OK {
                return Err(EndpointError::Status(response.status()));
            }
            let body = Limited::new(response.into_body(), MAX_BYTES).collect().await;
            Ok(body.map_err(|_| EndpointError::Answer)?.to_bytes())
        };
        // Dropping the sender at the exchange's end ends the connection.
        tokio::join!(exchange, connection).0
    }

    fn authorization(&self) -> Result<Option<HeaderValue>, EndpointError> {
        let token = match &self.authorization {
            Authorization::None => return Ok(None),
            Authorization::Token(token) => token.clone(),
            Authorization::File(path) => std::fs::read_to_string(path)?,
        };
        let header = HeaderValue::from_str(token.trim_end());
        header.map(Some).map_err(|_| EndpointError::Authorization)
    }
}

/// The address and the path of a URL that may be asked.
fn location(uri: &str) -> Option<(SocketAddr, String)> {
    let uri: Uri = uri.parse().ok()?;
    if uri.scheme_str() != Some("http") {
        return None;
    }
    let host = match uri.host()? {
        "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
        host => host.trim_start_matches('[').trim_end_matches(']').parse().ok()?,
    };
    let is_allowed = host.is_loopback() || HOSTS.contains(&host.to_string().as_str());
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    is_allowed.then(|| (SocketAddr::new(host, uri.port_u16().unwrap_or(80)), path.to_owned()))
}

/// Reads an answer.
fn credentials(answer: &[u8]) -> Option<ExpiringCredentials> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    let text = |name: &str| answer[name].as_str().filter(|text| !text.is_empty());
    let expiration = match text("Expiration") {
        Some(time) => Some(humantime::parse_rfc3339(time).ok()?),
        None => None,
    };
    let credentials = Credentials {
        access_key_id: text("AccessKeyId")?.to_owned(),
        secret_access_key: text("SecretAccessKey")?.to_owned(),
        session_token: text("Token").map(str::to_owned),
    };
    Some(ExpiringCredentials { credentials, expiration })
}

fn must(variable: &'static str, expectation: &str) -> ConfigError {
    ConfigError { variable, expectation: expectation.to_owned() }
}

#[cfg(test)]
mod tests;
