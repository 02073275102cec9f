//! Subscribes to a channel for each conversation that is followed.
//!
//! On connections of their own, never on those that carry commands: a server that loses a slot says
//! `sunsubscribe` unasked, and the crate `redis` takes that for the reply to the oldest request in
//! flight. Here it may: a subscription counts as made when it is confirmed by its name, and any
//! other reply than that ends the connection.
//!
//! In a cluster the channel belongs to its conversation's slot and is subscribed to on the node
//! that serves it. Which one that is a node tells that is asked for a slot of another (`MOVED`).

mod node;
mod pushes;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use redis::cluster_routing::Slot;
use redis::{ConnectionAddr, ConnectionInfo};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::sleep;

use crate::config::RedisConfig;
use crate::conversation::ConversationId;
use crate::store::followers::WeakFollowers;
use node::Node;
pub(super) use pushes::channel;

/// How long to leave alone a node that failed or refused.
const RETRY_DELAY: Duration = Duration::from_millis(100);

/// A node's host and port.
type Address = Arc<str>;

/// What happened on a node's connection.
enum Event {
    /// It does not subscribe to this, and may have said who does.
    Refused { id: ConversationId, moved_to: Option<String> },
    /// It has ended, which may be by a failure.
    Ended { address: Address, failed: bool },
}

/// Says which connection subscribes to what.
pub(super) struct Subscriber {
    redis: Arc<RedisConfig>,
    followers: WeakFollowers,
    events: UnboundedSender<Event>,
    /// The nodes heard of, by their addresses.
    known: Vec<ConnectionInfo>,
    /// Which of them to ask for a slot of which nothing is known.
    guess: usize,
    /// Where slots are served, as far as that was told.
    slots: HashMap<Slot, Address>,
    /// The connections that are open or being opened.
    nodes: HashMap<Address, UnboundedSender<ConversationId>>,
    /// The node that is to subscribe to each conversation that is followed.
    assigned: HashMap<ConversationId, Address>,
}

impl Subscriber {
    /// Keeps the subscriptions equal to what is followed, until the store is dropped.
    ///
    /// `changes` names the conversations to look at.
    pub(super) async fn run(
        redis: Arc<RedisConfig>,
        followers: WeakFollowers,
        mut changes: UnboundedReceiver<ConversationId>,
    ) {
        let (events, mut happened) = unbounded_channel();
        let known = redis.nodes.clone();
        let mut subscriber = Self {
            redis,
            followers,
            events,
            known,
            guess: 0,
            slots: HashMap::new(),
            nodes: HashMap::new(),
            assigned: HashMap::new(),
        };
        loop {
            tokio::select! {
                changed = changes.recv() => match changed {
                    Some(id) => subscriber.look_at(id),
                    None => return,
                },
                Some(event) = happened.recv() => match event {
                    Event::Refused { id, moved_to } => subscriber.refused(id, moved_to),
                    Event::Ended { address, failed } => subscriber.ended(&address, failed),
                },
            }
        }
    }

    /// Has the conversation subscribed to where it is followed, and else no more.
    fn look_at(&mut self, id: ConversationId) {
        let Some(followers) = self.followers.upgrade() else { return };
        if !followers.any(&id) {
            let node = self.assigned.remove(&id).and_then(|address| self.nodes.get(&address));
            // One that has ended is subscribed to nothing.
            let _ = node.map(|node| node.send(id));
            return;
        }
        let node = match self.slots.get(&slot(&id)).and_then(|address| self.find(address)) {
            Some(node) => node.clone(),
            None => self.known[self.guess % self.known.len()].clone(),
        };
        let address = Address::from(node.addr().to_string());
        self.assigned.insert(id, address.clone());
        let node = self.nodes.entry(address).or_insert_with_key(|address| {
            start(address.clone(), node, &self.redis, &self.followers, &self.events)
        });
        // One that has just ended says so, and all that is assigned to it is looked at again.
        let _ = node.send(id);
    }

    fn refused(&mut self, id: ConversationId, moved_to: Option<String>) {
        let asked = self.assigned.get(&id).cloned();
        let told = moved_to.and_then(|to| self.learn(asked.as_deref()?, &to));
        let Some(address) = told else { return self.look_later(vec![id]) };
        // Two nodes may send to each other while a slot is handed over.
        match self.slots.insert(slot(&id), address) {
            None => self.look_at(id),
            Some(_) => self.look_later(vec![id]),
        }
    }

    fn ended(&mut self, address: &Address, failed: bool) {
        self.nodes.remove(address);
        if failed {
            self.guess = self.guess.wrapping_add(1);
            self.slots.retain(|_, serving| *serving != *address);
        }
        let assigned = self.assigned.iter().filter(|(_, node)| *node == address);
        self.look_later(assigned.map(|(id, _)| *id).collect());
    }

    fn look_later(&self, ids: Vec<ConversationId>) {
        let followers = self.followers.clone();
        tokio::spawn(async move {
            sleep(RETRY_DELAY).await;
            if let Some(followers) = followers.upgrade() {
                ids.iter().for_each(|id| followers.changed(id));
            }
        });
    }

    fn find(&self, address: &str) -> Option<&ConnectionInfo> {
        self.known.iter().find(|node| node.addr().to_string() == address)
    }

    /// Gets to know the node at `address`, reached as all are; one without a host is where the
    /// node is that named it.
    fn learn(&mut self, named_by: &str, address: &str) -> Option<Address> {
        let (host, port) = address.rsplit_once(':')?;
        let (own_host, _) = named_by.rsplit_once(':')?;
        let host = if host.is_empty() { own_host } else { host }.to_owned();
        let port = port.parse().ok()?;
        let addr = match self.redis.nodes[0].addr().clone() {
            ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
                ConnectionAddr::TcpTls { host, port, insecure, tls_params }
            }
            _ => ConnectionAddr::Tcp(host, port),
        };
        let address = Address::from(addr.to_string());
        if self.find(&address).is_none() {
            self.known.push(self.redis.nodes[0].clone().set_addr(addr));
        }
        Some(address)
    }
}

fn slot(id: &ConversationId) -> Slot {
    Slot::for_key(channel(id))
}

/// Opens a connection, on which the conversations that come are looked at.
fn start(
    address: Address,
    node: ConnectionInfo,
    redis: &Arc<RedisConfig>,
    followers: &WeakFollowers,
    events: &UnboundedSender<Event>,
) -> UnboundedSender<ConversationId> {
    let (sender, due) = unbounded_channel();
    let (redis, followers, events) = (redis.clone(), followers.clone(), events.clone());
    tokio::spawn(async move {
        let result = match Node::open(&redis, node, followers, events.clone()).await {
            Ok(node) => node.run(due).await,
            Err(error) => Err(error),
        };
        if let Err(error) = &result {
            tracing::debug!(%address, %error, "subscriptions have ended");
        }
        let _ = events.send(Event::Ended { address, failed: result.is_err() });
    });
    sender
}
