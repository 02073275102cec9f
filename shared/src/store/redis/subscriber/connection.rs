//! One connection to one node, on which nothing is done but subscribing.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{ErrorKind, Pipeline, RedisError, RedisResult, Value};
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::sleep;

use super::ConnectionEvent;
use super::pushes::{Pushes, is_confirmation};
use crate::domain::conversation::ConversationId;
use crate::store::notifier::{Change, WeakNotifier};
use crate::store::redis::keys::channel;
use crate::store::redis::server;
use crate::store::redis::topology::{NodeId, Topology};

/// How long nothing may have been asked of the node before it is asked whether it is still there.
const PING_PERIOD: Duration = Duration::from_secs(3);
/// How many channels are subscribed to in one trip.
const BATCH: usize = 256;

/// A connection, and what it is subscribed to.
pub(super) struct Node {
    node: NodeId,
    cluster: bool,
    notifier: WeakNotifier,
    events: UnboundedSender<ConnectionEvent>,
    connection: MultiplexedConnection,
    ended: Arc<Notify>,
    subscribed: HashSet<ConversationId>,
    /// A refusal is logged once for a connection.
    was_refused: bool,
}

impl Node {
    pub(super) async fn open(
        topology: &Topology,
        node: NodeId,
        notifier: WeakNotifier,
        events: UnboundedSender<ConnectionEvent>,
    ) -> RedisResult<Self> {
        let ended = Arc::new(Notify::new());
        let pushes = Pushes { notifier: notifier.clone(), ended: ended.clone() };
        let (redis, address) = (&topology.redis, topology.address(node));
        let connection = server::open_for_subscriptions(redis, address, pushes).await?;
        Ok(Self {
            node,
            cluster: redis.cluster,
            notifier,
            events,
            connection,
            ended,
            subscribed: HashSet::new(),
            was_refused: false,
        })
    }

    /// Subscribes to what is followed of the conversations that come, and unsubscribes from the
    /// rest; until the connection fails, or nothing has been subscribed to for a while.
    pub(super) async fn run(mut self, mut due: UnboundedReceiver<Change>) -> RedisResult<()> {
        loop {
            let mut batch = Vec::new();
            tokio::select! {
                () = self.ended.notified() => return Err(ended()),
                count = due.recv_many(&mut batch, BATCH) => match count {
                    0 => return Ok(()),
                    _ => self.reconcile(batch).await?,
                },
                () = sleep(PING_PERIOD) => match self.subscribed.is_empty() {
                    true => return Ok(()),
                    false => self.ping().await?,
                },
            }
        }
    }

    async fn reconcile(&mut self, batch: Vec<Change>) -> RedisResult<()> {
        let Some(notifier) = self.notifier.upgrade() else { return Err(ended()) };
        let ids = batch.iter().map(|change| change.id);
        let (followed, left) = ids.partition(|id| notifier.is_followed(id));
        drop(notifier);
        self.unsubscribe(left).await?;
        self.subscribe(followed).await?;
        for done in batch.into_iter().filter_map(|change| change.done) {
            // Who waited for it may have gone.
            let _ = done.send(());
        }
        Ok(())
    }

    async fn subscribe(&mut self, ids: Vec<ConversationId>) -> RedisResult<()> {
        let name = if self.cluster { "SSUBSCRIBE" } else { "SUBSCRIBE" };
        for (id, reply) in ids.iter().zip(self.ask(name, &ids).await?) {
            match reply {
                reply if is_confirmation(&reply, id) => {
                    self.subscribed.insert(*id);
                }
                Value::ServerError(refusal) => self.refused(*id, refusal.into()),
                // The reply to something else, or what was said unasked: which reply belongs to
                // what can no longer be told.
                _ => return Err(unexpected()),
            }
        }
        Ok(())
    }

    /// A node that refuses this has unsubscribed already, because the slot has left it.
    async fn unsubscribe(&mut self, mut ids: Vec<ConversationId>) -> RedisResult<()> {
        ids.retain(|id| self.subscribed.remove(id));
        let name = if self.cluster { "SUNSUBSCRIBE" } else { "UNSUBSCRIBE" };
        self.ask(name, &ids).await?;
        Ok(())
    }

    async fn ask(&mut self, name: &str, ids: &[ConversationId]) -> RedisResult<Vec<Value>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut commands = Pipeline::with_capacity(ids.len());
        for id in ids {
            commands.cmd(name).arg(channel(id));
        }
        self.connection.send_packed_commands(&commands, 0, ids.len()).await
    }

    fn refused(&mut self, id: ConversationId, refusal: RedisError) {
        self.subscribed.remove(&id);
        if refusal.redirect_node().is_none() && !self.was_refused {
            self.was_refused = true;
            tracing::error!(error = %refusal, "Redis lets nobody follow");
        }
        // Only where the store is being dropped does nobody listen.
        let _ = self.events.send(ConnectionEvent::Refused { id, by: self.node, refusal });
    }

    async fn ping(&mut self) -> RedisResult<()> {
        match self.connection.send_packed_command(&redis::cmd("PING")).await? {
            Value::SimpleString(pong) if pong == "PONG" => Ok(()),
            _ => Err(unexpected()),
        }
    }
}

fn ended() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::ConnectionAborted).into()
}

fn unexpected() -> RedisError {
    (ErrorKind::Parse, "not the reply to what was asked").into()
}
