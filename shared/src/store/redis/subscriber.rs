//! Subscribes to a channel for each conversation that is followed.
//!
//! On connections of their own, never on those that carry commands: a server that loses a slot says
//! `sunsubscribe` unasked, and the crate `redis` takes that for the reply to the oldest request in
//! flight. Here it may: a subscription counts as made when it is confirmed by its name, and any
//! other reply than that ends the connection.
//!
//! In a cluster the channel belongs to its conversation's slot, and is subscribed to on the node
//! that serves it.

mod node;
mod pushes;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use redis::RedisError;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::sleep;

use super::topology::{NodeId, Topology};
use crate::domain::conversation::ConversationId;
use crate::store::notifier::{Change, WeakNotifier};
use node::Node;

/// How long to wait where a connection was cut, or a slot has moved.
const RETRY_DELAY: Duration = Duration::from_millis(100);
/// How long to leave alone a node that lets nobody subscribe.
const FAILURE_DELAY: Duration = Duration::from_secs(1);

/// What happened on a node's connection.
enum ConnectionEvent {
    /// It does not subscribe to this.
    Refused { id: ConversationId, by: NodeId, refusal: RedisError },
    /// It was opened.
    Opened,
    /// It could not be opened.
    NotOpened { node: NodeId, error: RedisError },
    /// It has ended.
    Ended { node: NodeId },
}

/// Says which connection subscribes to what.
pub(super) struct Subscriber {
    topology: Arc<Topology>,
    notifier: WeakNotifier,
    events: UnboundedSender<ConnectionEvent>,
    /// The connections that are open or being opened.
    connections: HashMap<NodeId, UnboundedSender<Change>>,
    /// The node that is to subscribe to each conversation that is followed.
    assigned: HashMap<ConversationId, NodeId>,
    /// Whether a connection could not be opened, and none was since; that is logged once.
    is_failing: bool,
}

impl Subscriber {
    /// Keeps the subscriptions equal to what is followed, until the store is dropped.
    ///
    /// `changes` names the conversations to look at.
    pub(super) async fn run(
        topology: Arc<Topology>,
        notifier: WeakNotifier,
        mut changes: UnboundedReceiver<Change>,
    ) {
        let (events, mut happened) = unbounded_channel();
        let (connections, assigned) = (HashMap::new(), HashMap::new());
        let is_failing = false;
        let mut subscriber = Self { topology, notifier, events, connections, assigned, is_failing };
        loop {
            tokio::select! {
                changed = changes.recv() => match changed {
                    Some(change) => subscriber.reconcile(change),
                    None => return,
                },
                Some(event) = happened.recv() => match event {
                    ConnectionEvent::Refused { id, by, refusal } => subscriber.refused(id, by, &refusal),
                    ConnectionEvent::Opened => subscriber.is_failing = false,
                    ConnectionEvent::NotOpened { node, error } => subscriber.not_opened(node, &error),
                    ConnectionEvent::Ended { node } => subscriber.ended(node, RETRY_DELAY),
                },
            }
        }
    }

    /// Has the conversation subscribed to where it is followed, and else no more.
    fn reconcile(&mut self, change: Change) {
        let Some(notifier) = self.notifier.upgrade() else { return };
        let id = change.id;
        if !notifier.is_followed(&id) {
            let node = self.assigned.remove(&id);
            let connection = node.and_then(|node| self.connections.get(&node));
            // One that has ended is subscribed to nothing.
            let _ = connection.map(|connection| connection.send(change));
            return;
        }
        let node = self.topology.node_of(&id);
        self.assigned.insert(id, node);
        let connection = self
            .connections
            .entry(node)
            .or_insert_with(|| start(node, &self.topology, &self.notifier, &self.events));
        // One that has just ended says so, and all that is assigned to it is looked at again.
        let _ = connection.send(change);
    }

    fn refused(&mut self, id: ConversationId, by: NodeId, refusal: &RedisError) {
        if refusal.redirect_node().is_none() {
            self.reconcile_later(vec![id], FAILURE_DELAY);
        } else if self.topology.moved(&id, by, refusal) {
            // Two nodes may name each other while a slot is handed over.
            self.reconcile_later(vec![id], RETRY_DELAY);
        } else {
            self.reconcile(Change { id, done: None });
        }
    }

    fn not_opened(&mut self, node: NodeId, error: &RedisError) {
        if !std::mem::replace(&mut self.is_failing, true) {
            tracing::error!(%error, "Redis cannot be subscribed to");
        }
        self.topology.forget(node);
        self.ended(node, FAILURE_DELAY);
    }

    /// Has all looked at again that the node was to subscribe to.
    fn ended(&mut self, ended: NodeId, delay: Duration) {
        self.connections.remove(&ended);
        let assigned = self.assigned.iter().filter(|(_, node)| **node == ended);
        self.reconcile_later(assigned.map(|(id, _)| *id).collect(), delay);
    }

    /// Looks again after a while; where it is a long one, followers look for themselves meanwhile.
    fn reconcile_later(&self, ids: Vec<ConversationId>, delay: Duration) {
        let notifier = self.notifier.clone();
        tokio::spawn(async move {
            sleep(delay).await;
            let Some(notifier) = notifier.upgrade() else { return };
            for id in ids {
                if delay >= FAILURE_DELAY {
                    notifier.doubt(&id);
                }
                notifier.reconcile(id);
            }
        });
    }
}

/// Opens a connection, on which the conversations that come are looked at.
fn start(
    node: NodeId,
    topology: &Arc<Topology>,
    notifier: &WeakNotifier,
    events: &UnboundedSender<ConnectionEvent>,
) -> UnboundedSender<Change> {
    let (sender, due) = unbounded_channel();
    let (topology, notifier, events) = (topology.clone(), notifier.clone(), events.clone());
    tokio::spawn(async move {
        let end = match Node::open(&topology, node, notifier, events.clone()).await {
            Ok(open) => {
                // Only where the store is being dropped does nobody listen.
                let _ = events.send(ConnectionEvent::Opened);
                if let Err(error) = open.run(due).await {
                    tracing::debug!(%error, "a connection for subscriptions has ended");
                }
                ConnectionEvent::Ended { node }
            }
            Err(error) => ConnectionEvent::NotOpened { node, error },
        };
        let _ = events.send(end);
    });
    sender
}
