//! One connection for subscriptions to one node.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Pipeline, RedisError, RedisResult, Value};
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::{Instant, sleep, sleep_until};

use super::event::Event;
use super::pushes::{Pushes, Subscribed, is_confirmation};
use crate::domain::conversation::ConversationId;
use crate::store::notifier::{ReconcileRequest, Topics};
use crate::store::redis::client::REPLACEMENT_ATTEMPTS;
use crate::store::redis::connection::unexpected_reply;
use crate::store::redis::keys::channel;
use crate::store::redis::loggable::loggable;
use crate::store::redis::server;
use crate::store::redis::topology::{NodeId, Topology};

/// After how long without a request the node is sent a `PING`, to notice that it is gone.
const PING_PERIOD: Duration = Duration::from_secs(3);
/// How many channels are subscribed to in one round trip at most.
const BATCH: usize = 256;

/// A connection, and what it is subscribed to.
pub(super) struct SubscriberConnection {
    topology: Arc<Topology>,
    node: NodeId,
    topics: Topics,
    events: UnboundedSender<Event>,
    server: MultiplexedConnection,
    /// When a new connection is to take this one's place.
    replacement_due: Instant,
    disconnected: Arc<Notify>,
    subscribed: Arc<Subscribed>,
    /// Whether the node refused a subscription. That is logged once for a connection.
    was_refused: bool,
}

impl SubscriberConnection {
    pub(super) async fn open(
        topology: Arc<Topology>,
        node: NodeId,
        topics: Topics,
        events: UnboundedSender<Event>,
    ) -> RedisResult<Self> {
        let (subscribed, disconnected) = (Arc::<Subscribed>::default(), Arc::new(Notify::new()));
        let pushes = Pushes {
            topics: topics.clone(),
            events: events.clone(),
            subscribed: subscribed.clone(),
            disconnected: disconnected.clone(),
        };
        let (redis, address) = (&topology.redis, topology.address(node));
        let server = server::open_for_subscriptions(redis, address, pushes).await?;
        topology.statistics.subscription_connection_opened();
        Ok(Self {
            replacement_due: Instant::now() + redis.max_connection_age,
            topology,
            node,
            topics,
            events,
            server,
            disconnected,
            subscribed,
            was_refused: false,
        })
    }

    /// Reconciles the conversations that come. Ends when the connection fails, when nothing has been
    /// subscribed to for a while, or with the subscriber.
    pub(super) async fn run(
        mut self,
        mut requests: UnboundedReceiver<ReconcileRequest>,
    ) -> RedisResult<()> {
        loop {
            let mut batch = Vec::new();
            tokio::select! {
                () = self.disconnected.notified() => return Err(disconnected()),
                count = requests.recv_many(&mut batch, BATCH) => match count {
                    0 => return Ok(()),
                    _ => self.reconcile(batch).await?,
                },
                () = sleep_until(self.replacement_due) => self.replace().await?,
                () = sleep(PING_PERIOD) => {
                    if self.subscribed.lock().is_empty() {
                        return Ok(());
                    }
                    self.ping().await?;
                }
            }
        }
    }

    /// Goes on over a new connection, before the server ends this one. What is published meanwhile
    /// comes over both; followers take no event twice.
    async fn replace(&mut self) -> RedisResult<()> {
        let (topics, events) = (self.topics.clone(), self.events.clone());
        let mut new = match Self::open(self.topology.clone(), self.node, topics, events).await {
            Ok(new) => new,
            Err(error) => {
                tracing::warn!(
                    error = loggable(&error),
                    "an old connection for subscriptions cannot be replaced yet"
                );
                let max_age = self.topology.redis.max_connection_age;
                self.replacement_due = Instant::now() + max_age / REPLACEMENT_ATTEMPTS;
                return Ok(());
            }
        };
        let subscribed: Vec<_> = self.subscribed.lock().iter().copied().collect();
        for batch in subscribed.chunks(BATCH) {
            new.subscribe(batch).await?;
        }
        *self = new;
        Ok(())
    }

    /// Subscribes to the conversations that are followed, and unsubscribes from the others.
    async fn reconcile(&mut self, batch: Vec<ReconcileRequest>) -> RedisResult<()> {
        let ids = batch.iter().map(|request| request.id);
        let (followed, left): (Vec<_>, _) = ids.partition(|id| self.topics.is_followed(id));
        self.unsubscribe(left).await?;
        self.subscribe(&followed).await?;
        for done in batch.into_iter().filter_map(|request| request.done) {
            // Fails where the request that waited has been given up.
            let _ = done.send(());
        }
        Ok(())
    }

    async fn subscribe(&mut self, ids: &[ConversationId]) -> RedisResult<()> {
        let name = if self.topology.redis.cluster { "SSUBSCRIBE" } else { "SUBSCRIBE" };
        for (id, reply) in ids.iter().zip(self.send(name, ids).await?) {
            match reply {
                reply if is_confirmation(&reply, id) => {}
                Value::ServerError(refusal) => self.refused(*id, refusal.into()),
                // A push was taken for a reply, so that it is unknown which reply belongs to what.
                _ => return Err(unexpected_reply()),
            }
        }
        Ok(())
    }

    /// A node that refuses this has unsubscribed already, because the slot has left it.
    async fn unsubscribe(&mut self, mut ids: Vec<ConversationId>) -> RedisResult<()> {
        {
            let mut subscribed = self.subscribed.lock();
            ids.retain(|id| subscribed.remove(id));
        }
        let name = if self.topology.redis.cluster { "SUNSUBSCRIBE" } else { "UNSUBSCRIBE" };
        self.send(name, &ids).await?;
        Ok(())
    }

    /// Sends a command for each conversation's channel, in one round trip.
    async fn send(&mut self, name: &str, ids: &[ConversationId]) -> RedisResult<Vec<Value>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut commands = Pipeline::with_capacity(ids.len());
        for id in ids {
            commands.cmd(name).arg(channel(id));
        }
        self.server.send_packed_commands(&commands, 0, ids.len()).await
    }

    /// Reports a refusal. A channel that was subscribed to before still is, unless a push says not.
    fn refused(&mut self, id: ConversationId, refusal: RedisError) {
        if refusal.redirect_node().is_none() && !self.was_refused {
            self.was_refused = true;
            tracing::error!(error = loggable(&refusal), "Redis refuses subscriptions");
        }
        let _ = self.events.send(Event::Refused { id, node: self.node, refusal });
    }

    async fn ping(&mut self) -> RedisResult<()> {
        match self.server.send_packed_command(&redis::cmd("PING")).await? {
            Value::SimpleString(pong) if pong == "PONG" => Ok(()),
            _ => Err(unexpected_reply()),
        }
    }
}

fn disconnected() -> RedisError {
    io::Error::from(io::ErrorKind::ConnectionAborted).into()
}
