//! A real Redis Cluster: three primaries and three replicas.

use std::process::Command;

use crate::redis::{Program, RedisServer, free_port, wait_until};

/// Six servers that know each other.
pub struct Cluster {
    nodes: Vec<RedisServer>,
}

impl Cluster {
    /// Starts them, and waits until all agree on who serves what.
    pub fn start() -> Self {
        Self::start_program(Program::usual())
    }

    /// Starts a cluster of Valkey 9, which moves slots by itself.
    pub fn start_valkey() -> Self {
        Self::start_program(Program::valkey())
    }

    fn start_program(program: Program) -> Self {
        let nodes: Vec<_> = (0..6).map(|_| start_node(program.clone())).collect();
        let mut create = Command::new("redis-cli");
        create.args(["--cluster", "create"]);
        create.args(nodes.iter().map(|node| format!("127.0.0.1:{}", node.port())));
        create.args(["--cluster-replicas", "1", "--cluster-yes"]);
        let output = create.output().expect("redis-cli, which comes with redis-server");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        let cluster = Self { nodes };
        for node in &cluster.nodes {
            wait_until("the node knows the cluster", || {
                let info = node.command(&["CLUSTER", "INFO"]);
                info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:6")
            });
        }
        // A node is a primary until it has learned that it is a replica.
        wait_until("three replicas have caught up", || {
            let replication = |node: &RedisServer| node.command(&["INFO", "replication"]);
            let caught_up = |text: &String| text.contains("master_link_status:up");
            cluster.nodes.iter().map(replication).filter(caught_up).count() == 3
        });
        cluster
    }

    /// What `REDIS_URL` is to hold.
    pub fn url(&self) -> String {
        let nodes = self.nodes.iter().map(|node| format!("redis://127.0.0.1:{}", node.port()));
        nodes.collect::<Vec<_>>().join(",")
    }

    /// The place among the nodes of the primary that serves a slot.
    pub fn primary_of(&self, slot: u16) -> usize {
        let serves = |node: &RedisServer| {
            if !node.is_running() {
                return false;
            }
            let own = node.command(&["CLUSTER", "NODES"]);
            let own = own.lines().find(|line| line.contains("myself")).expect("the node itself");
            own.contains("master") && own.split(' ').skip(8).any(|range| holds(range, slot))
        };
        self.nodes.iter().position(serves).expect("a primary for each slot")
    }

    /// The slot of a key.
    pub fn slot(&self, key: &str) -> u16 {
        let answer = self.nodes[0].command(&["CLUSTER", "KEYSLOT", key]);
        answer.trim_start_matches(':').trim().parse().expect("a slot")
    }

    /// Kills a node, and waits until another has taken its place.
    pub fn kill(&mut self, node: usize) {
        let witness = (node + 1) % self.nodes.len();
        let port = self.nodes[node].port();
        self.nodes[node].kill();
        wait_until("a replica has been elected", || {
            let nodes = self.nodes[witness].command(&["CLUSTER", "NODES"]);
            let dead = nodes.lines().find(|line| line.contains(&format!(":{port}@")));
            let primaries = nodes.lines().filter(|line| {
                line.contains("master") && !line.contains("fail") && line.split(' ').count() > 8
            });
            dead.is_some_and(|line| line.contains("fail")) && primaries.count() == 3
        });
    }

    /// Begins to move a slot, and moves its keys: who asks the old node is told to ask the new.
    pub fn begin_move(&self, slot: u16, from: usize, to: usize) {
        let slot = slot.to_string();
        let ids = [from, to].map(|node| self.id(node));
        self.nodes[to].expect_ok(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &ids[0]]);
        self.nodes[from].expect_ok(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &ids[1]]);
        let port = self.nodes[to].port().to_string();
        loop {
            let keys = self.nodes[from].command(&["CLUSTER", "GETKEYSINSLOT", &slot, "100"]);
            // Like `*1`, `$3`, `key`: no key of ours begins as the lines before it do.
            let keys: Vec<_> = keys.lines().filter(|line| !line.starts_with(['*', '$'])).collect();
            for key in &keys {
                let moved = ["MIGRATE", "127.0.0.1", &port, key, "0", "5000"];
                let answer = self.nodes[from].command(&moved);
                // A key may have expired, or been deleted, since.
                assert!(matches!(answer.as_str(), "+OK\r\n" | "+NOKEY\r\n"), "{key}: {answer}");
            }
            if keys.is_empty() {
                return;
            }
        }
    }

    /// Ends it: all are told where the slot is served from now on.
    pub fn finish_move(&self, slot: u16, to: usize) {
        let id = self.id(to);
        let primaries = self.nodes.iter().filter(|node| node.command(&["ROLE"]).contains("master"));
        for node in std::iter::once(&self.nodes[to]).chain(primaries) {
            node.expect_ok(&["CLUSTER", "SETSLOT", &slot.to_string(), "NODE", &id]);
        }
    }

    fn id(&self, node: usize) -> String {
        let answer = self.nodes[node].command(&["CLUSTER", "MYID"]);
        answer.lines().nth(1).expect("an id").to_owned()
    }
}

fn start_node(program: Program) -> RedisServer {
    let bus = free_port().to_string();
    let options = [
        "--cluster-enabled",
        "yes",
        "--cluster-port",
        &bus,
        "--cluster-node-timeout",
        "1000",
        "--cluster-replica-validity-factor",
        "0",
    ];
    RedisServer::start_program(program, &options)
}

fn holds(range: &str, slot: u16) -> bool {
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    match (first.parse::<u16>(), last.trim().parse::<u16>()) {
        (Ok(first), Ok(last)) => (first..=last).contains(&slot),
        _ => false,
    }
}
