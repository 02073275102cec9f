//! The variables for Redis: where it is, and how to connect to it.

use std::fmt;
use std::time::Duration;

use redis::io::tcp::TcpSettings;
use redis::io::tcp::socket2::TcpKeepalive;
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, TlsCertificates};

use super::variable::boolean;
use super::{ConfigError, iam};
use crate::elasticache::token::IamLogin;

/// After how long a silence TCP checks that the connection is still alive.
const KEEPALIVE: Duration = Duration::from_secs(30);
/// How long sent bytes may stay unacknowledged before TCP closes the connection. Only Linux has this.
#[cfg(target_os = "linux")]
const USER_TIMEOUT: Duration = Duration::from_secs(5);

/// After how long a connection is replaced. ElastiCache ends one 12 hours after its login by IAM:
/// <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html>.
const MAX_CONNECTION_AGE: Duration = Duration::from_secs(6 * 60 * 60);

/// A Redis server or cluster.
#[derive(Clone, Debug)]
pub struct RedisConfig {
    /// `REDIS_URL`: the server, or some nodes of the cluster.
    pub(crate) nodes: Vec<ConnectionInfo>,
    /// `REDIS_CLUSTER`: whether it is a cluster.
    pub(crate) cluster: bool,
    /// `REDIS_CA_CERT`: the certificates to trust instead of the system's.
    pub(crate) certificates: Option<TlsCertificates>,
    /// `REDIS_IAM_USER`, `REDIS_IAM_CACHE`, `REDIS_IAM_SERVERLESS`: the login to ElastiCache by IAM;
    /// `None` logs in with the URL's user and password.
    pub iam: Option<IamLogin>,
    /// After how long a connection is replaced.
    pub(crate) max_connection_age: Duration,
}

impl RedisConfig {
    /// Reads the variables; `None` if there is no `REDIS_URL`.
    pub(super) fn from_variables(
        variable: impl Fn(&'static str) -> Option<String> + Copy,
    ) -> Result<Option<Self>, ConfigError> {
        let Some(urls) = variable("REDIS_URL") else {
            let others = ["REDIS_CLUSTER", "REDIS_CA_CERT", "REDIS_IAM_USER", "REDIS_IAM_CACHE"];
            // Conversations would be kept in memory, unnoticed.
            let is_set = |name: &&'static str| variable(name).is_some_and(|value| value != "false");
            return match others.into_iter().find(is_set) {
                Some(name) => Err(unusable_url(&format!("; it is not set, and {name} is"))),
                None => Ok(None),
            };
        };
        let nodes = urls.split(',').map(node).collect::<Result<Vec<_>, _>>()?;
        let cluster = boolean("REDIS_CLUSTER", variable("REDIS_CLUSTER"), false)?;
        if cluster && nodes.iter().any(|node| node.redis_settings().db() != 0) {
            return Err(unusable_url(" without a database where REDIS_CLUSTER is true"));
        }
        if nodes.len() > 1 && !cluster {
            return Err(unusable_url("; several nodes need REDIS_CLUSTER=true"));
        }
        let certificates =
            variable("REDIS_CA_CERT").map(|value| certificates(&value)).transpose()?;
        let tls = nodes.iter().all(|node| matches!(node.addr(), ConnectionAddr::TcpTls { .. }));
        if certificates.is_some() && !tls {
            return Err(unusable_url(" that begins with rediss:// where REDIS_CA_CERT is set"));
        }
        let iam = iam::login(variable)?;
        if iam.is_some() && !tls {
            // ElastiCache accepts tokens only over TLS.
            return Err(unusable_url(" that begins with rediss:// where REDIS_IAM_USER is set"));
        }
        let max_connection_age = MAX_CONNECTION_AGE;
        Ok(Some(Self { nodes, cluster, certificates, iam, max_connection_age }))
    }
}

/// The addresses, without user and password.
impl fmt::Display for RedisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, node) in self.nodes.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{}", node.addr())?;
        }
        Ok(())
    }
}

/// Parses one URL. The error does not repeat it, because it may hold a password.
fn node(url: &str) -> Result<ConnectionInfo, ConfigError> {
    if !["redis://", "rediss://"].iter().any(|scheme| url.starts_with(scheme)) {
        return Err(unusable_url("; it does not begin with redis:// or rediss://"));
    }
    // Nothing in them would have an effect, not even `db`, which is part of the path.
    if let Some((_, query)) = url.split_once('?') {
        let name = query.split_once('=').map_or("", |(name, _)| name);
        // Else it may be the end of a password.
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase());
        let name = if is_name { format!(" {name:?}") } else { String::new() };
        let why = format!("; it cannot have a query{name}, and a ? in a password is written %3F");
        return Err(unusable_url(&why));
    }
    if url.contains('#') {
        return Err(unusable_url("; a # in it is written %23"));
    }
    let node = url.into_connection_info();
    let node = node.map_err(|error| unusable_url(&format!(" ({error})")))?;
    let tcp = TcpSettings::default()
        .set_nodelay(true)
        .set_keepalive(TcpKeepalive::new().with_time(KEEPALIVE));
    #[cfg(target_os = "linux")]
    let tcp = tcp.set_user_timeout(USER_TIMEOUT);
    Ok(node.set_tcp_settings(tcp))
}

/// Takes the certificates themselves, or the path of their file. A Lambda function can be given them
/// in the variable, without a file in its package.
fn certificates(value: &str) -> Result<TlsCertificates, ConfigError> {
    let expectation = |why: &str| ConfigError {
        variable: "REDIS_CA_CERT",
        expectation: format!("certificates in PEM, or the path of a file of them{why}"),
    };
    let pem = if value.starts_with("-----BEGIN") {
        value.as_bytes().to_vec()
    } else {
        std::fs::read(value).map_err(|error| expectation(&format!(" ({error})")))?
    };
    if !pem.windows(27).any(|part| part == b"-----BEGIN CERTIFICATE-----") {
        return Err(expectation("; there is none in it"));
    }
    Ok(TlsCertificates { client_tls: None, root_cert: Some(pem) })
}

pub(super) fn unusable_url(why: &str) -> ConfigError {
    ConfigError {
        variable: "REDIS_URL",
        expectation: format!("a URL like redis://127.0.0.1:6379{why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Option<RedisConfig>, ConfigError> {
        let value = |asked| variables.iter().find(|(name, _)| *name == asked);
        let variable = |name| value(name).map(|(_, value)| (*value).to_owned());
        RedisConfig::from_variables(variable)
    }

    fn refusal(variables: &[(&str, &str)]) -> String {
        read(variables).unwrap_err().to_string()
    }

    #[test]
    fn a_url_that_makes_no_sense_is_refused_without_its_password() {
        for wrong in [
            "localhost:6379",
            "http://u:secret@h",
            "redis://u:secret@h:notaport",
            "redis://u:secret@h/notadb",
            "redis://u:secret@h,redis://i",
        ] {
            let error = refusal(&[("REDIS_URL", wrong)]);
            assert!(error.contains("REDIS_URL must be"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn neither_showing_nor_debugging_it_tells_the_login() {
        let url = "rediss://user:secret@cache.example:7000/2";
        let redis = read(&[("REDIS_URL", url)]).unwrap().unwrap();
        assert_eq!(redis.to_string(), "cache.example:7000");
        assert!(!format!("{redis:?}").contains("secret"));
    }

    #[test]
    fn a_cluster_may_be_named_by_several_nodes() {
        let url = ("REDIS_URL", "redis://a:1,redis://b:2");
        let redis = read(&[url, ("REDIS_CLUSTER", "true")]).unwrap().unwrap();
        assert_eq!((redis.cluster, redis.to_string().as_str()), (true, "a:1,b:2"));
        assert!(refusal(&[url]).contains("REDIS_CLUSTER=true"));
        assert!(refusal(&[url, ("REDIS_CLUSTER", "yes")]).contains("REDIS_CLUSTER must be"));
    }

    #[test]
    fn certificates_that_cannot_be_read_or_used_are_refused() {
        let tls = ("REDIS_URL", "rediss://a:1");
        for wrong in ["/nowhere.pem", "/dev/null", "-----BEGIN PRIVATE KEY-----"] {
            let error = refusal(&[tls, ("REDIS_CA_CERT", wrong)]);
            assert!(error.contains("REDIS_CA_CERT must be"), "{error}");
        }
        let pem = ("REDIS_CA_CERT", "-----BEGIN CERTIFICATE-----\n");
        assert!(read(&[tls, pem]).is_ok());
        assert!(refusal(&[("REDIS_URL", "redis://a:1"), pem]).contains("rediss://"));
    }
}
