//! A real Redis Cluster: three primaries and three replicas.

mod slots;

use std::process::Command;

use crate::redis::{Program, RedisServer, free_port};
use crate::wait::wait_until;

/// Six servers that know each other.
pub struct Cluster {
    nodes: Vec<RedisServer>,
    program: Program,
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
        let cluster = Self { nodes, program };
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
        let primary = (0..self.nodes.len()).find(|node| self.serves(*node, slot));
        primary.expect("a primary for each slot")
    }

    /// Whether a node runs and is, as it sees it, the primary that serves a slot.
    fn serves(&self, node: usize, slot: u16) -> bool {
        let node = &self.nodes[node];
        if !node.is_running() {
            return false;
        }
        let nodes = node.command(&["CLUSTER", "NODES"]);
        let own = nodes.lines().find(|line| line.contains("myself")).expect("the node itself");
        own.contains("master") && own.split(' ').skip(8).any(|range| holds(range, slot))
    }

    /// Whether somebody has subscribed to a conversation's channel at a node.
    pub fn is_followed(&self, conversation: &str, node: usize) -> bool {
        self.nodes[node].command(&["PUBSUB", "SHARDCHANNELS"]).contains(conversation)
    }

    /// Whether a node has a client that speaks RESP3, as ours do for subscriptions alone.
    pub fn has_subscriber(&self, node: usize) -> bool {
        self.nodes[node].command(&["CLIENT", "LIST"]).contains(" resp=3")
    }

    /// The slot of a key.
    pub fn slot(&self, key: &str) -> u16 {
        let answer = self.nodes[0].command(&["CLUSTER", "KEYSLOT", key]);
        answer.trim_start_matches(':').trim().parse().expect("a slot")
    }

    /// Kills a node, and waits until another has taken its place.
    pub fn kill(&mut self, node: usize) {
        self.nodes[node].kill();
        self.wait_for_election(node);
    }

    /// Has a node hang, with all its connections open, and waits until another has taken its place.
    pub fn hang(&self, node: usize) {
        self.stop(node);
        self.wait_for_election(node);
    }

    /// Stops a node's process; its connections stay open.
    pub fn stop(&self, node: usize) {
        self.nodes[node].signal("STOP");
    }

    /// Adds a primary that serves no slot yet; its place among the nodes.
    pub fn add_primary(&mut self) -> usize {
        let node = start_node(self.program.clone());
        // Like `<id> 127.0.0.1:<port>@<bus> myself,master …`.
        let nodes = self.nodes[0].command(&["CLUSTER", "NODES"]);
        let own = nodes.lines().find(|line| line.contains("myself")).expect("the node itself");
        let ports = own.split([':', '@', ' ', ',']).collect::<Vec<_>>();
        node.expect_ok(&["CLUSTER", "MEET", "127.0.0.1", ports[2], ports[3]]);
        self.nodes.push(node);
        for node in &self.nodes {
            wait_until("the node knows the new one", || {
                let info = node.command(&["CLUSTER", "INFO"]);
                info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:7")
            });
        }
        self.nodes.len() - 1
    }

    fn wait_for_election(&self, node: usize) {
        let witness = (node + 1) % self.nodes.len();
        let port = self.nodes[node].port();
        wait_until("a replica has been elected", || {
            let nodes = self.nodes[witness].command(&["CLUSTER", "NODES"]);
            let dead = nodes.lines().find(|line| line.contains(&format!(":{port}@")));
            let primaries = nodes.lines().filter(|line| {
                line.contains("master") && !line.contains("fail") && line.split(' ').count() > 8
            });
            dead.is_some_and(|line| line.contains("fail")) && primaries.count() == 3
        });
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
