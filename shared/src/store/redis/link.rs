//! An open way to Redis: to a server, or to the nodes of a cluster.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryFutureExt};
use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::SingleNodeRoutingInfo;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, Pipeline, ProtocolVersion, RedisError,
    RedisResult, ServerErrorKind, Value,
};

use super::pushes::Pushes;
use crate::config::RedisConfig;
use crate::iam::renewal::RenewedTokens;
use crate::store::followers::WeakFollowers;

/// How long opening may take, and how long an answer.
pub(super) const TIME_LIMIT: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub(super) struct Link {
    way: Way,
    answered: Arc<Answered>,
}

#[derive(Clone)]
enum Way {
    Server(MultiplexedConnection),
    Cluster(ClusterConnection),
}

/// When a link last brought an answer.
struct Answered {
    opened: Instant,
    milliseconds_after: AtomicU64,
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

impl Answered {
    fn now(&self) {
        self.milliseconds_after.store(self.opened.elapsed().as_millis() as u64, Relaxed);
    }

    fn ago(&self) -> Duration {
        let last = Duration::from_millis(self.milliseconds_after.load(Relaxed));
        self.opened.elapsed().saturating_sub(last)
    }
}

impl Link {
    pub(super) async fn open(redis: &RedisConfig, followers: WeakFollowers) -> RedisResult<Self> {
        // rustls leaves the choice of its cryptography to the program; a choice made twice is one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let way = if redis.cluster {
            Way::Cluster(open_cluster(redis, followers).await?)
        } else {
            Way::Server(open_server(redis, followers).await?)
        };
        let answered = Answered { opened: Instant::now(), milliseconds_after: AtomicU64::new(0) };
        Ok(Self { way, answered: Arc::new(answered) })
    }

    /// Runs a command, on the node that was asked for where one was.
    pub(super) async fn run(&mut self, command: &Cmd, asked: Option<Node>) -> RedisResult<Value> {
        match (&mut self.way, asked) {
            (Way::Server(server), _) => command.query_async(server).await,
            (Way::Cluster(cluster), None) => command.query_async(cluster).await,
            (Way::Cluster(cluster), Some(node)) => {
                let answers = run_asking(cluster, [command], node).await?;
                answers.into_iter().next().unwrap_or(Value::Nil).extract_error()
            }
        }
    }

    /// Runs commands on one key, in one trip; the same otherwise.
    pub(super) async fn run_all(
        &mut self,
        commands: &Pipeline,
        asked: Option<Node>,
    ) -> RedisResult<Vec<Value>> {
        match (&mut self.way, asked) {
            (Way::Server(server), _) => commands.query_async(server).await,
            (Way::Cluster(cluster), None) => commands.query_async(cluster).await,
            (Way::Cluster(cluster), Some(node)) => {
                let answers = run_asking(cluster, commands.cmd_iter(), node).await?;
                answers.into_iter().map(Value::extract_error).collect()
            }
        }
    }

    pub(super) async fn subscribe(&mut self, channels: &[String]) -> RedisResult<()> {
        match &mut self.way {
            Way::Server(server) => server.subscribe(channels).await,
            Way::Cluster(cluster) => {
                for channel in channels {
                    cluster.ssubscribe(channel).await?;
                }
                Ok(())
            }
        }
    }

    pub(super) async fn unsubscribe(&mut self, channels: &[String]) -> RedisResult<()> {
        match &mut self.way {
            Way::Server(server) => server.unsubscribe(channels).await,
            Way::Cluster(cluster) => {
                for channel in channels {
                    cluster.sunsubscribe(channel).await?;
                }
                Ok(())
            }
        }
    }

    /// Notes how something ended; tells whether the link is broken, so that all will end like this.
    ///
    /// A link on which all are silent may lead to a server that is gone, or be stuck itself, as a
    /// cluster's client can be after slots have moved. A server that may not be written to
    /// (`READONLY`) is a primary no more. Cut connections to its nodes a cluster's client mends.
    pub(super) fn is_broken_by<T>(&self, result: &RedisResult<T>) -> bool {
        match result {
            Err(error) if error.is_timeout() => self.answered.ago() >= TIME_LIMIT,
            Err(error) if matches!(self.way, Way::Server(_)) => {
                let demoted = error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly);
                demoted || error.is_unrecoverable_error() || error.is_io_error()
            }
            _ => {
                self.answered.now();
                false
            }
        }
    }
}

/// Runs commands on a node that answers them only to who says to have been sent there.
///
/// In a box, because every request would keep room for what few ever do.
fn run_asking<'a>(
    cluster: &'a mut ClusterConnection,
    commands: impl IntoIterator<Item = &'a Cmd>,
    Node { host, port }: Node,
) -> BoxFuture<'a, RedisResult<Vec<Value>>> {
    let mut asking = redis::pipe();
    for command in commands {
        asking.cmd("ASKING").add_command(command.clone());
    }
    let (replies, node) = (asking.len(), SingleNodeRoutingInfo::ByAddress { host, port });
    let answers = cluster.route_pipeline(asking, 0, replies, node);
    answers.map_ok(|answers| answers.into_iter().skip(1).step_by(2).collect()).boxed()
}

async fn open_server(
    redis: &RedisConfig,
    followers: WeakFollowers,
) -> RedisResult<MultiplexedConnection> {
    let node = redis.nodes[0].clone();
    let client = match &redis.certificates {
        Some(certificates) => Client::build_with_tls(node, certificates.clone())?,
        None => Client::open(node)?,
    };
    let mut settings = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(TIME_LIMIT))
        .set_response_timeout(Some(TIME_LIMIT))
        .set_push_sender(Pushes(followers));
    if let Some(login) = &redis.iam {
        settings = settings.set_credentials_provider(RenewedTokens::new(login.clone()));
    }
    client.get_multiplexed_async_connection_with_config(&settings).await
}

/// The client tries nothing again by itself: it could not tell the scripts.
async fn open_cluster(
    redis: &RedisConfig,
    followers: WeakFollowers,
) -> RedisResult<ClusterConnection> {
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
    if let Some(login) = &redis.iam {
        client = client.set_credentials_provider(RenewedTokens::new(login.clone()));
    }
    client.build()?.get_async_connection().await
}
