//! Subscribes to the channel of each conversation that is followed.
//!
//! Subscriptions have connections of their own. A server that loses a slot sends `sunsubscribe`
//! without a request, and the crate `redis` takes that for the reply to the oldest request in
//! flight; among commands, it would shift all later replies. Among subscriptions it is harmless: one
//! counts as made when it is confirmed by its channel's name, and any other reply ends the
//! connection.
//!
//! In a cluster a channel belongs to its conversation's slot. It is subscribed to on the node that
//! serves the slot.

mod connection;
mod event;
mod pushes;
mod task;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use redis::RedisError;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::sleep;

use super::loggable::loggable;
use super::topology::{NodeId, Topology};
use crate::domain::conversation::ConversationId;
use crate::store::notifier::{ReconcileRequest, Topics};
use event::Event;

/// How long to wait after a connection was cut, or while a slot is moving.
const RETRY_DELAY: Duration = Duration::from_millis(100);
/// How long to wait after a node refused a connection or a subscription.
const FAILURE_DELAY: Duration = Duration::from_secs(1);

/// Decides which connection subscribes to what.
pub(super) struct Subscriber {
    topology: Arc<Topology>,
    topics: Topics,
    events: UnboundedSender<Event>,
    /// The connections that are open or being opened, by what they are to reconcile.
    connections: HashMap<NodeId, UnboundedSender<ReconcileRequest>>,
    /// The node that each followed conversation is subscribed to on.
    assigned: HashMap<ConversationId, NodeId>,
    /// Whether the last connection could not be opened. That is logged once.
    is_failing: bool,
}

impl Subscriber {
    /// Keeps the subscriptions equal to what is followed, until the store is dropped and `requests`
    /// ends.
    pub(super) async fn run(
        topology: Arc<Topology>,
        topics: Topics,
        mut requests: UnboundedReceiver<ReconcileRequest>,
    ) {
        let (events, mut received) = unbounded_channel();
        let (connections, assigned) = (HashMap::new(), HashMap::new());
        let is_failing = false;
        let mut subscriber = Self { topology, topics, events, connections, assigned, is_failing };
        loop {
            tokio::select! {
                request = requests.recv() => match request {
                    Some(request) => subscriber.reconcile(request),
                    None => return,
                },
                Some(event) = received.recv() => subscriber.handle(event),
            }
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Opened => self.is_failing = false,
            Event::NotOpened { node, error } => self.not_opened(node, &error),
            Event::Closed { node } => self.closed(node, RETRY_DELAY),
            Event::Refused { id, node, refusal } => self.refused(id, node, &refusal),
            Event::ReconcileDue { id } => self.reconcile(ReconcileRequest { id, done: None }),
        }
    }

    /// Has the conversation subscribed to where it is followed, and unsubscribed from where not.
    fn reconcile(&mut self, request: ReconcileRequest) {
        let id = request.id;
        if !self.topics.is_followed(&id) {
            let node = self.assigned.remove(&id);
            let connection = node.and_then(|node| self.connections.get(&node));
            // A connection that has closed is subscribed to nothing.
            let _ = connection.map(|connection| connection.send(request));
            return;
        }
        let node = self.topology.node_of(&id);
        self.assigned.insert(id, node);
        let connection = self
            .connections
            .entry(node)
            .or_insert_with(|| task::start(node, &self.topology, &self.topics, &self.events));
        // Where the connection has just closed, its event reconciles all that is assigned to it.
        let _ = connection.send(request);
    }

    fn refused(&mut self, id: ConversationId, node: NodeId, refusal: &RedisError) {
        if refusal.redirect_node().is_none() {
            self.reconcile_later(vec![id], FAILURE_DELAY);
        } else if self.topology.record_move(&id, node, refusal) {
            // Two nodes may name each other while a slot is handed over.
            self.reconcile_later(vec![id], RETRY_DELAY);
        } else {
            self.reconcile(ReconcileRequest { id, done: None });
        }
    }

    fn not_opened(&mut self, node: NodeId, error: &RedisError) {
        if !std::mem::replace(&mut self.is_failing, true) {
            tracing::error!(error = loggable(error), "cannot open a connection for subscriptions");
        }
        self.topology.forget_slots_of(node);
        self.closed(node, FAILURE_DELAY);
    }

    /// Reconciles all that the connection was to subscribe to.
    fn closed(&mut self, closed: NodeId, delay: Duration) {
        self.connections.remove(&closed);
        let assigned = self.assigned.iter().filter(|(_, node)| **node == closed);
        self.reconcile_later(assigned.map(|(id, _)| *id).collect(), delay);
    }

    /// Reconciles after a delay. After a long one, the followers read for themselves meanwhile.
    fn reconcile_later(&self, ids: Vec<ConversationId>, delay: Duration) {
        let (topics, events) = (self.topics.clone(), self.events.clone());
        tokio::spawn(async move {
            sleep(delay).await;
            for id in ids {
                if delay >= FAILURE_DELAY {
                    topics.revoke_confirmation(&id);
                }
                let _ = events.send(Event::ReconcileDue { id });
            }
        });
    }
}
