//! Slots that change their node while they are in use.

use std::cell::Cell;
use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::Cluster;
use crate::redis::RedisServer;
use crate::wait::wait_until;

/// After how long a replica that has not taken over is sent `CLUSTER FAILOVER` again.
const FAILOVER_TIME: Duration = Duration::from_secs(2);

impl Cluster {
    /// Begins to move a slot, and moves its keys. The old node redirects requests for them.
    pub fn begin_move(&self, slot: u16, from: usize, to: usize) {
        let slot = slot.to_string();
        let ids = [from, to].map(|node| self.id(node));
        self.set_slot(to, &[&slot, "IMPORTING", &ids[0]]);
        self.set_slot(from, &[&slot, "MIGRATING", &ids[1]]);
        let port = self.nodes[to].port().to_string();
        loop {
            let keys = self.nodes[from].command(&["CLUSTER", "GETKEYSINSLOT", &slot, "100"]);
            // The lines are like `*1`, `$3` and `key`. No key of ours begins with `*` or `$`.
            let keys: Vec<_> = keys.lines().filter(|line| !line.starts_with(['*', '$'])).collect();
            for key in &keys {
                let moved = ["MIGRATE", "127.0.0.1", &port, key, "0", "5000"];
                let answer = self.nodes[from].command(&moved);
                // A key may have expired or been deleted in between.
                assert!(matches!(answer.as_str(), "+OK\r\n" | "+NOKEY\r\n"), "{key}: {answer}");
            }
            if keys.is_empty() {
                return;
            }
        }
    }

    /// Changes a slot on a node. Retries until the node knows which nodes are primaries.
    fn set_slot(&self, node: usize, words: &[&str]) {
        let words = [&["CLUSTER", "SETSLOT"], words].concat();
        wait_until("the node accepts the slot", || self.nodes[node].command(&words) == "+OK\r\n");
    }

    /// Ends the move: tells all primaries which node serves the slot now.
    pub fn finish_move(&self, slot: u16, to: usize) {
        let (slot, id) = (slot.to_string(), self.id(to));
        let is_primary = |node: &usize| self.nodes[*node].command(&["ROLE"]).contains("master");
        let primaries = (0..self.nodes.len()).filter(is_primary);
        for node in std::iter::once(to).chain(primaries) {
            self.set_slot(node, &[&slot, "NODE", &id]);
        }
    }

    /// Makes a node sleep, and then give away a slot that is being moved, in one write.
    ///
    /// The node answers only afterwards what it is sent meanwhile. The returned connection has to be
    /// kept until then.
    pub fn give_away_asleep(&self, slot: u16, from: usize, to: usize) -> TcpStream {
        let id = self.id(to);
        let stream = TcpStream::connect(("127.0.0.1", self.nodes[from].port()));
        let mut stream = stream.expect("a connection");
        let commands = format!("DEBUG SLEEP 0.6\r\nCLUSTER SETSLOT {slot} NODE {id}\r\n");
        stream.write_all(commands.as_bytes()).expect("a request");
        stream
    }

    /// Moves a slot by one command, which Valkey has since version 9.
    pub fn move_at_once(&self, slot: u16, from: usize, to: usize) {
        let (slot_text, id) = (slot.to_string(), self.id(to));
        let words = ["CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", &slot_text, &slot_text, "NODE", &id];
        self.nodes[from].expect_ok(&words);
        wait_until("the slot is the other node's", || {
            let moves = self.nodes[from].command(&["CLUSTER", "GETSLOTMIGRATIONS"]);
            assert!(!moves.contains("failed"), "{moves}");
            self.serves(to, slot)
        });
    }

    /// Makes a slot's primary and its replica change places, and waits until they have.
    pub fn hand_over(&self, slot: u16) {
        let primary = self.primary_of(slot);
        let id = self.id(primary);
        let replica = |node: &RedisServer| {
            let nodes = node.command(&["CLUSTER", "NODES"]);
            let own = nodes.lines().find(|line| line.contains("myself")).expect("the node itself");
            own.contains("slave") && own.contains(&id)
        };
        let replica = self.nodes.iter().find(|node| replica(node)).expect("a replica");
        // A failover is refused before the replica knows all slots of its primary.
        let known = |node: &RedisServer| {
            let nodes = node.command(&["CLUSTER", "NODES"]);
            let line = nodes.lines().find(|line| line.starts_with(&id)).expect("the primary");
            line.split(' ').skip(6).map(str::to_owned).collect::<Vec<_>>()
        };
        wait_until("the replica knows what its primary serves", || {
            known(replica) == known(&self.nodes[primary])
        });
        let sent = Cell::new(None);
        wait_until("the primary follows its replica", || {
            // The other primaries may refuse until they know where a slot was moved last.
            if sent.get().is_none_or(|sent: Instant| sent.elapsed() > FAILOVER_TIME) {
                replica.command(&["CLUSTER", "FAILOVER"]);
                sent.set(Some(Instant::now()));
            }
            let roles = [replica, &self.nodes[primary]].map(|node| node.command(&["ROLE"]));
            roles[0].contains("master") && roles[1].contains("\r\nconnected\r\n")
        });
    }
}
