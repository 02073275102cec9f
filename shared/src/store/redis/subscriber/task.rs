//! The task that each connection for subscriptions runs in.

use std::sync::Arc;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::connection::SubscriberConnection;
use super::event::Event;
use crate::store::notifier::{ReconcileRequest, Topics};
use crate::store::redis::loggable::loggable;
use crate::store::redis::topology::{NodeId, Topology};

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
