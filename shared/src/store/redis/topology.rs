//! The servers there are, and in a cluster which of them serves which conversation.
//!
//! A node reports all slots when a connection to it is opened (`CLUSTER SLOTS`). A node that does
//! not serve a slot names the one that does (`MOVED`). The slots of a node that fails are forgotten,
//! and another node is asked for them.
//!
//! The crate `redis` has a client for clusters. It does not find its way around a node that hangs,
//! cannot follow `ASK` to a node that it does not know, and holds up all requests while it looks at
//! the slots (1.8.1).

mod slots;

use std::sync::Arc;

use parking_lot::Mutex;
use redis::{ConnectionAddr, ConnectionInfo, RedisError, Value};

use super::statistics::Statistics;
use crate::config::RedisConfig;
use crate::domain::conversation::ConversationId;
use slots::{SLOTS, slot_of, slot_ranges};

/// A server, by its place in the list of known servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct NodeId(u32);

/// What is known of the servers. All connections share it.
#[derive(Debug)]
pub(super) struct Topology {
    pub(super) redis: RedisConfig,
    pub(super) statistics: Statistics,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    nodes: Vec<ConnectionInfo>,
    /// The node that serves each slot; empty without a cluster.
    slots: Vec<Option<NodeId>>,
    /// The nodes to ask for a slot whose node is not known: those that the configuration names, and
    /// those that the last reported slots named.
    candidates: Vec<NodeId>,
    /// Counts up to the candidate to ask next.
    next_candidate: usize,
}

impl Topology {
    pub(super) fn new(redis: &RedisConfig) -> Arc<Self> {
        let slots = if redis.cluster { vec![None; SLOTS] } else { Vec::new() };
        let candidates = (0..redis.nodes.len()).map(|place| NodeId(place as u32)).collect();
        let state = State { nodes: redis.nodes.clone(), slots, candidates, next_candidate: 0 };
        let (redis, statistics) = (redis.clone(), Statistics::default());
        Arc::new(Self { redis, statistics, state: Mutex::new(state) })
    }

    /// The node to ask for a conversation.
    pub(super) fn node_of(&self, id: &ConversationId) -> NodeId {
        let state = self.state.lock();
        let serving = match state.slots.is_empty() {
            true => None,
            false => state.slots[slot_of(id)],
        };
        serving.unwrap_or_else(|| state.candidates[state.next_candidate % state.candidates.len()])
    }

    /// How a node is reached.
    pub(super) fn address(&self, node: NodeId) -> ConnectionInfo {
        self.state.lock().nodes[node.0 as usize].clone()
    }

    /// How many nodes there are to try, one after the other.
    pub(super) fn candidates(&self) -> usize {
        self.state.lock().candidates.len()
    }

    /// Records the node that a refusal (`MOVED`) by another names for a conversation. Returns
    /// whether to wait before asking it: a node was known for the slot, or none is named.
    pub(super) fn record_move(
        &self,
        id: &ConversationId,
        refused_by: NodeId,
        refusal: &RedisError,
    ) -> bool {
        let Some(node) = self.redirect_node(refused_by, refusal) else { return true };
        match self.state.lock().slots.get_mut(slot_of(id)) {
            Some(serving) => serving.replace(node).is_some(),
            None => true,
        }
    }

    /// The node that a refusal (`MOVED`, `ASK`) names.
    pub(super) fn redirect_node(&self, refused_by: NodeId, refusal: &RedisError) -> Option<NodeId> {
        let (address, _slot) = refusal.redirect_node()?;
        let (host, port) = address.rsplit_once(':')?;
        Some(self.state.lock().node_at(refused_by, host, port.parse().ok()?))
    }

    /// Records the slots that a node reported in reply to `CLUSTER SLOTS`.
    pub(super) fn record_slots(&self, reported_by: NodeId, reply: &Value) {
        if !matches!(reply, Value::Array(_)) {
            return;
        }
        let mut state = self.state.lock();
        state.candidates.truncate(self.redis.nodes.len());
        for range in slot_ranges(reply) {
            let node = state.node_at(reported_by, range.host, range.port);
            if !state.candidates.contains(&node) {
                state.candidates.push(node);
            }
            if let Some(slots) = state.slots.get_mut(range.first..=range.last) {
                slots.fill(Some(node));
            }
        }
    }

    /// Forgets which slots a failed node serves, so that another node is asked for them.
    pub(super) fn forget_slots_of(&self, failed: NodeId) {
        let mut state = self.state.lock();
        if state.slots.is_empty() {
            return;
        }
        state.next_candidate = state.next_candidate.wrapping_add(1);
        for serving in state.slots.iter_mut().filter(|serving| **serving == Some(failed)) {
            *serving = None;
        }
    }
}

impl State {
    /// The node at an address, reached in the same way as the node that named it. Without a host,
    /// the address is on the naming node's host.
    fn node_at(&mut self, named_by: NodeId, host: &str, port: u16) -> NodeId {
        let naming = self.nodes[named_by.0 as usize].addr().clone();
        let host = match (host, &naming) {
            ("", ConnectionAddr::Tcp(own, _) | ConnectionAddr::TcpTls { host: own, .. }) => own,
            (host, _) => host,
        };
        let host = host.to_owned();
        let address = match naming {
            ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
                ConnectionAddr::TcpTls { host, port, insecure, tls_params }
            }
            _ => ConnectionAddr::Tcp(host, port),
        };
        let place = self.nodes.iter().position(|node| *node.addr() == address);
        let place = place.unwrap_or_else(|| {
            self.nodes.push(self.nodes[0].clone().set_addr(address));
            self.nodes.len() - 1
        });
        NodeId(place as u32)
    }
}
