//! An open way to Redis: to a server, or to the nodes of a cluster.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryFutureExt};
use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::SingleNodeRoutingInfo;
use redis::{Cmd, ErrorKind, Pipeline, RedisError, RedisResult, ServerErrorKind, Value};

use super::server;
use crate::config::RedisConfig;
use crate::iam::renewal::RenewedTokens;

/// How long opening may take, and how long an answer.
pub(super) const TIME_LIMIT: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub(super) struct Link {
    way: Way,
    state: Arc<State>,
}

#[derive(Clone)]
enum Way {
    Server(MultiplexedConnection),
    Cluster(ClusterConnection),
}

/// What is known of a link.
struct State {
    opened: Instant,
    /// When it last brought an answer, counted from its opening.
    answered_milliseconds: AtomicU64,
    /// Whether it brought what nobody had asked for. Then nothing it brings can be believed.
    is_confused: AtomicBool,
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

impl State {
    fn answers(&self) {
        self.answered_milliseconds.store(self.opened.elapsed().as_millis() as u64, Relaxed);
    }

    fn silence(&self) -> Duration {
        let last = Duration::from_millis(self.answered_milliseconds.load(Relaxed));
        self.opened.elapsed().saturating_sub(last)
    }
}

impl Link {
    pub(super) async fn open(redis: &RedisConfig) -> RedisResult<Self> {
        let way = if redis.cluster {
            Way::Cluster(open_cluster(redis).await?)
        } else {
            Way::Server(server::open_for_commands(redis).await?)
        };
        let state = State {
            opened: Instant::now(),
            answered_milliseconds: AtomicU64::new(0),
            is_confused: AtomicBool::new(false),
        };
        Ok(Self { way, state: Arc::new(state) })
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

    /// Makes of a reply what it should be; fails where it is not, or where another was not, because
    /// then replies have come to requests that they do not belong to.
    pub(super) fn accept<R, T>(&self, reply: R, parse: impl Fn(R) -> Option<T>) -> RedisResult<T> {
        match parse(reply) {
            Some(parsed) if !self.state.is_confused.load(Relaxed) => Ok(parsed),
            _ => {
                self.state.is_confused.store(true, Relaxed);
                // Nothing of the reply itself, which may hold a message's content.
                Err((ErrorKind::Parse, "not the reply to what was asked").into())
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
            Err(_) if self.state.is_confused.load(Relaxed) => true,
            Err(error) if error.is_timeout() => self.state.silence() >= TIME_LIMIT,
            Err(error) if matches!(self.way, Way::Server(_)) => {
                let demoted = error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly);
                demoted || error.is_unrecoverable_error() || error.is_io_error()
            }
            _ => {
                self.state.answers();
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

/// The client tries nothing again by itself: it could not tell the scripts.
async fn open_cluster(redis: &RedisConfig) -> RedisResult<ClusterConnection> {
    let mut client = ClusterClient::builder(redis.nodes.clone())
        .retries(0)
        .connection_timeout(TIME_LIMIT)
        .response_timeout(TIME_LIMIT)
        .tcp_settings(redis.nodes[0].tcp_settings().clone());
    if let Some(certificates) = &redis.certificates {
        client = client.certs(certificates.clone());
    }
    if let Some(login) = &redis.iam {
        client = client.set_credentials_provider(RenewedTokens::new(login.clone()));
    }
    client.build()?.get_async_connection().await
}
