//! An open way to Redis: to a server, or to the nodes of a cluster.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::SingleNodeRoutingInfo;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, ProtocolVersion, RedisError, RedisResult,
    RetryMethod, ServerErrorKind, Value,
};

use super::subscriptions::Pushes;
use crate::config::RedisConfig;
use crate::store::followers::WeakFollowers;

/// How long opening may take, and how long an answer.
pub(super) const TIME_LIMIT: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub(super) enum Link {
    Server(MultiplexedConnection),
    Cluster(ClusterConnection),
}

/// A node of a cluster.
pub(super) struct Node {
    host: String,
    port: u16,
}

impl Node {
    /// The node that has taken over a key from a slot that is being moved.
    pub(super) fn asked_by(error: &RedisError) -> Option<Self> {
        let (address, _slot) = error.redirect_node()?;
        let (host, port) = address.rsplit_once(':')?;
        Some(Self { host: host.to_owned(), port: port.parse().ok()? })
    }
}

impl Link {
    pub(super) async fn open(redis: &RedisConfig, followers: WeakFollowers) -> RedisResult<Self> {
        // rustls leaves the choice of its cryptography to the program; a choice made twice is one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        if redis.cluster {
            open_cluster(redis, followers).await
        } else {
            open_server(redis, followers).await
        }
    }

    /// Runs a command, on the node that was asked for where one was.
    pub(super) async fn run(&mut self, command: &Cmd, asked: Option<Node>) -> RedisResult<Value> {
        match (self, asked) {
            (Self::Server(server), _) => command.query_async(server).await,
            (Self::Cluster(cluster), None) => command.query_async(cluster).await,
            (Self::Cluster(cluster), Some(Node { host, port })) => {
                let mut asking = redis::pipe();
                asking.cmd("ASKING").add_command(command.clone());
                let node = SingleNodeRoutingInfo::ByAddress { host, port };
                let answers = cluster.route_pipeline(asking, 1, 1, node).await?;
                answers.into_iter().next().unwrap_or(Value::Nil).extract_error()
            }
        }
    }

    pub(super) async fn subscribe(&mut self, channels: &[String]) -> RedisResult<()> {
        match self {
            Self::Server(server) => server.subscribe(channels).await,
            Self::Cluster(cluster) => {
                for channel in channels {
                    cluster.ssubscribe(channel).await?;
                }
                Ok(())
            }
        }
    }

    pub(super) async fn unsubscribe(&mut self, channels: &[String]) -> RedisResult<()> {
        match self {
            Self::Server(server) => server.unsubscribe(channels).await,
            Self::Cluster(cluster) => {
                for channel in channels {
                    cluster.sunsubscribe(channel).await?;
                }
                Ok(())
            }
        }
    }

    /// Whether what ended in this error will go on doing so on this link. A cluster's mends itself.
    ///
    /// A server that is silent may be at the other end of a connection that is long dead, and one
    /// that may not be written to (`READONLY`) is a primary no more.
    pub(super) fn is_broken_by(&self, error: &RedisError) -> bool {
        let cut = matches!(error.retry_method(), RetryMethod::Reconnect) || error.is_io_error();
        let demoted = error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly);
        matches!(self, Self::Server(_)) && (cut || demoted)
    }
}

async fn open_server(redis: &RedisConfig, followers: WeakFollowers) -> RedisResult<Link> {
    let node = redis.nodes[0].clone();
    let client = match &redis.certificates {
        Some(certificates) => Client::build_with_tls(node, certificates.clone())?,
        None => Client::open(node)?,
    };
    let settings = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(TIME_LIMIT))
        .set_response_timeout(Some(TIME_LIMIT))
        .set_push_sender(Pushes(followers));
    client.get_multiplexed_async_connection_with_config(&settings).await.map(Link::Server)
}

/// The client tries nothing again by itself: it could not tell the scripts.
async fn open_cluster(redis: &RedisConfig, followers: WeakFollowers) -> RedisResult<Link> {
    let mut client = ClusterClient::builder(redis.nodes.clone())
        .retries(0)
        .connection_timeout(TIME_LIMIT)
        .response_timeout(TIME_LIMIT)
        .use_protocol(ProtocolVersion::RESP3)
        .tcp_settings(redis.nodes[0].tcp_settings().clone())
        .push_sender(Pushes(followers));
    if let Some(certificates) = &redis.certificates {
        client = client.certs(certificates.clone());
    }
    client.build()?.get_async_connection().await.map(Link::Cluster)
}
