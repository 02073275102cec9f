//! The task that each connection for subscriptions runs in, and what it reports.

use std::sync::Arc;

use redis::RedisError;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::connection::SubscriberConnection;
use crate::domain::conversation::ConversationId;
use crate::store::notifier::{ReconcileRequest, Topics};
use crate::store::redis::loggable::loggable;
use crate::store::redis::topology::{NodeId, Topology};

/// An event for the subscriber. Sending it fails only once the store is dropped and the subscriber has
/// ended.
pub(super) enum Event {
    /// A connection was opened.
    Opened,
    /// A connection could not be opened.
    NotOpened { node: NodeId, error: RedisError },
    /// A connection was closed.
    Closed { node: NodeId },
    /// A node refused to subscribe to a conversation's channel.
    Refused { id: ConversationId, node: NodeId, refusal: RedisError },
    /// It is time to reconcile a conversation.
    ReconcileDue { id: ConversationId },
}

/// Opens a connection to a node, which reconciles the conversations that it is sent.
pub(super) fn start(
    node: NodeId,
    topology: &Arc<Topology>,
    topics: &Topics,
    events: &UnboundedSender<Event>,
) -> UnboundedSender<ReconcileRequest> {
    let (sender, requests) = unbounded_channel();
    let (topology, topics, events) = (topology.clone(), topics.clone(), events.clone());
    tokio::spawn(async move {
        let end = match SubscriberConnection::open(topology, node, topics, events.clone()).await {
            Ok(connection) => {
                let _ = events.send(Event::Opened);
                if let Err(error) = connection.run(requests).await {
                    tracing::debug!(
                        error = loggable(&error),
                        "a connection for subscriptions has ended"
                    );
                }
                Event::Closed { node }
            }
            Err(error) => Event::NotOpened { node, error },
        };
        let _ = events.send(end);
    });
    sender
}
