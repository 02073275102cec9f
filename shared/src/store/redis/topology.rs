//! The servers there are, and in a cluster which of them serves which conversation.
//!
//! A node tells all slots when a connection to it is opened (`CLUSTER SLOTS`), and the one that was
//! asked for in vain with its refusal (`MOVED`). What a node serves that failed is forgotten: then
//! another one is asked.
//!
//! The crate `redis` has a client for clusters. It does not find its way around a node that hangs,
//! cannot follow `ASK` to a node that it does not know, and looks at the slots while all requests
//! wait (1.8.1).

use std::sync::Arc;

use crc::{CRC_16_XMODEM, Crc};
use parking_lot::Mutex;
use redis::{ConnectionAddr, ConnectionInfo, RedisError, Value};

use crate::config::RedisConfig;
use crate::domain::conversation::ConversationId;

/// Slots of a cluster (<https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/>).
const SLOTS: usize = 16384;
/// The digest that tells the slot of a key.
const SLOT_DIGEST: Crc<u16> = Crc::<u16>::new(&CRC_16_XMODEM);

/// A server, by its place among those that were heard of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct NodeId(u32);

/// What is known of the servers. All connections share it.
#[derive(Debug)]
pub(super) struct Topology {
    pub(super) redis: RedisConfig,
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    nodes: Vec<ConnectionInfo>,
    /// The node that serves each slot; empty where there are no slots.
    slots: Vec<Option<NodeId>>,
    /// The nodes of which one is asked for a slot of which nothing is known: those that the
    /// configuration names, and those that a node named last.
    candidates: Vec<NodeId>,
    /// Which of them is asked next.
    guess: usize,
}

impl Topology {
    pub(super) fn new(redis: &RedisConfig) -> Arc<Self> {
        let slots = if redis.cluster { vec![None; SLOTS] } else { Vec::new() };
        let candidates = (0..redis.nodes.len()).map(|place| NodeId(place as u32)).collect();
        let known = Known { nodes: redis.nodes.clone(), slots, candidates, guess: 0 };
        Arc::new(Self { redis: redis.clone(), known: Mutex::new(known) })
    }

    /// The node to ask for a conversation.
    pub(super) fn node_of(&self, id: &ConversationId) -> NodeId {
        let known = self.known.lock();
        let serving = match known.slots.is_empty() {
            true => None,
            false => known.slots[slot(id)],
        };
        serving.unwrap_or_else(|| known.candidates[known.guess % known.candidates.len()])
    }

    /// How a node is reached.
    pub(super) fn address(&self, node: NodeId) -> ConnectionInfo {
        self.known.lock().nodes[node.0 as usize].clone()
    }

    /// How many nodes may be asked, one after the other.
    pub(super) fn candidates(&self) -> usize {
        self.known.lock().candidates.len()
    }

    /// Takes down where a conversation has moved; whether it was known before where it is.
    pub(super) fn moved(&self, id: &ConversationId, asked: NodeId, refusal: &RedisError) -> bool {
        let Some(node) = self.node_named_by(asked, refusal) else { return true };
        let mut known = self.known.lock();
        match known.slots.get_mut(slot(id)) {
            Some(serving) => serving.replace(node).is_some(),
            None => true,
        }
    }

    /// The node that a refusal (`MOVED`, `ASK`) names.
    pub(super) fn node_named_by(&self, asked: NodeId, refusal: &RedisError) -> Option<NodeId> {
        let (address, _slot) = refusal.redirect_node()?;
        let (host, port) = address.rsplit_once(':')?;
        Some(self.known.lock().node_at(asked, host, port.parse().ok()?))
    }

    /// Takes down all slots, as a node told them in reply to `CLUSTER SLOTS`.
    pub(super) fn learn(&self, asked: NodeId, reply: &Value) {
        let Value::Array(ranges) = reply else { return };
        let mut known = self.known.lock();
        known.candidates.truncate(self.redis.nodes.len());
        for (first, last, host, port) in ranges.iter().filter_map(range) {
            let node = known.node_at(asked, host, port);
            if !known.candidates.contains(&node) {
                known.candidates.push(node);
            }
            if let Some(slots) = known.slots.get_mut(first..=last) {
                slots.fill(Some(node));
            }
        }
    }

    /// Has another node asked for what this one serves.
    pub(super) fn forget(&self, failed: NodeId) {
        let mut known = self.known.lock();
        if !known.slots.is_empty() {
            known.guess = known.guess.wrapping_add(1);
            known.slots.iter_mut().filter(|serving| **serving == Some(failed)).for_each(
                |serving| {
                    *serving = None;
                },
            );
        }
    }
}

impl Known {
    /// The node at an address, reached as all are; without a host it is where the node is that
    /// named it.
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

fn slot(id: &ConversationId) -> usize {
    usize::from(SLOT_DIGEST.checksum(id.to_key("", "").as_bytes())) % SLOTS
}

/// One range of slots: the first, the last, and the host and port of the node that serves them.
fn range(reply: &Value) -> Option<(usize, usize, &str, u16)> {
    let Value::Array(parts) = reply else { return None };
    let [Value::Int(first), Value::Int(last), Value::Array(primary), ..] = &parts[..] else {
        return None;
    };
    let [host, Value::Int(port), ..] = &primary[..] else { return None };
    let host = match host {
        // A node that does not know its own host says "?", or nothing.
        Value::BulkString(host) if host != b"?" => std::str::from_utf8(host).ok()?,
        _ => "",
    };
    Some((
        usize::try_from(*first).ok()?,
        usize::try_from(*last).ok()?,
        host,
        (*port).try_into().ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_is_in_the_slot_that_its_keys_are_in() {
        let id: ConversationId = "3f0c9e1a-8f64-4f0e-9d3b-0a1b2c3d4e5f".parse().unwrap();
        let redis = testing::redis::RedisServer::start_with(&["--cluster-enabled", "yes"]);
        let key = super::super::keys::conversation_key(&id);
        assert_eq!(redis.command(&["CLUSTER", "KEYSLOT", &key]), format!(":{}\r\n", slot(&id)));
    }
}
