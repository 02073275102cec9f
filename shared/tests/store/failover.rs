//! A primary gives way to its replica, or a slot to another node, while many write.

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::conversing::pending;
use crate::writing::{WRITERS, Writing};
use testing::cluster::Cluster;
use testing::proxy::Proxy;
use testing::redis::RedisServer;
use testing::wait::wait_until;
use tokio::time::timeout;

/// Far longer than finding another node takes, and far shorter than waiting for the one that hangs.
const SOON: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_hands_over_loses_nothing() {
    let primary = RedisServer::start();
    let replica = RedisServer::start_replica_of(&primary);
    let proxy = Proxy::to(primary.port()).await;
    let writing = Writing::start(&proxy.url(), false, 1).await;
    writing.progress(10 * WRITERS).await;

    // Connections stay, and lead to what may not be written to any more (READONLY).
    primary.command(&["FAILOVER"]);
    wait_until("the replica is the primary", || {
        replica.command(&["INFO", "replication"]).contains("role:master")
    });
    proxy.lead_to(replica.port());
    writing.progress(10 * WRITERS).await;

    let (acknowledged, there) = writing.stop().await;
    assert_eq!(acknowledged.into_iter().map(|(content, _)| content).collect::<HashSet<_>>(), there);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_dies_loses_nothing_that_was_acknowledged_after_the_promotion() {
    let mut primary = RedisServer::start();
    let replica = RedisServer::start_replica_of(&primary);
    let proxy = Proxy::to(primary.port()).await;
    let writing = Writing::start(&proxy.url(), false, 1).await;
    writing.progress(10 * WRITERS).await;

    primary.kill();
    replica.command(&["REPLICAOF", "NO", "ONE"]);
    writing.promoted.store(true, Ordering::SeqCst);
    proxy.lead_to(replica.port());
    proxy.cut();
    writing.progress(10 * WRITERS).await;

    // Replication is asynchronous: only what was acknowledged by the primary that died may be lost.
    let acknowledged = stop_without_loss_since_the_promotion(writing).await;
    assert!(acknowledged.iter().filter(|(_, after)| *after).count() >= WRITERS);
}

/// Ends the writing, of which nothing may be lost that began after the promotion; what was
/// acknowledged, and whether it began after that.
async fn stop_without_loss_since_the_promotion(writing: Writing) -> Vec<(String, bool)> {
    let (acknowledged, there) = writing.stop().await;
    let lost: Vec<_> =
        acknowledged.iter().filter(|(content, _)| !there.contains(content)).collect();
    assert!(lost.iter().all(|(_, after)| !after), "lost: {lost:?}");
    acknowledged
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_of_a_cluster_that_dies_loses_nothing_that_was_acknowledged_after_the_election() {
    let mut cluster = Cluster::start();
    let writing = Writing::start(&cluster.url(), true, WRITERS).await;
    writing.progress(10 * WRITERS).await;

    let slot = cluster.slot(&format!("{{{}}}", writing.ids()[0]));
    let primary = cluster.primary_of(slot);
    let cluster = tokio::task::spawn_blocking(move || {
        cluster.kill(primary);
        cluster
    });
    let cluster = cluster.await.unwrap();
    writing.promoted.store(true, Ordering::SeqCst);
    assert_ne!(cluster.primary_of(slot), primary);
    writing.progress(20 * WRITERS).await;

    stop_without_loss_since_the_promotion(writing).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slots_are_moved_while_they_are_written_to_and_read_and_nothing_breaks() {
    let cluster = Cluster::start();
    let writing = Writing::start(&cluster.url(), true, WRITERS).await;
    for id in &writing.ids()[..8] {
        let slot = cluster.slot(&format!("{{{id}}}"));
        let from = cluster.primary_of(slot);
        let to = cluster.primary_of((slot + 5461) % 16384);
        cluster.begin_move(slot, from, to);
        // In between, the old node redirects requests for the slot's keys to the new one.
        writing.progress(WRITERS).await;
        writing.read(id).await;
        cluster.finish_move(slot, to);
        writing.progress(WRITERS).await;
    }
    let (acknowledged, there) = writing.stop().await;
    assert_eq!(acknowledged.into_iter().map(|(content, _)| content).collect::<HashSet<_>>(), there);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_of_a_cluster_that_hangs_is_left_for_the_one_that_was_elected() {
    let cluster = Cluster::start();
    let writing = Writing::start(&cluster.url(), true, WRITERS).await;
    writing.progress(10 * WRITERS).await;

    // Its connections stay open, and the other nodes go on answering.
    let id = writing.ids()[0];
    let primary = cluster.primary_of(cluster.slot(&format!("{{{id}}}")));
    let cluster = tokio::task::spawn_blocking(move || {
        cluster.hang(primary);
        cluster
    });
    let _cluster = cluster.await.unwrap();
    writing.promoted.store(true, Ordering::SeqCst);
    let sent = crate::writing::send(writing.store(), &id, "to-the-elected-one");
    timeout(SOON, sent).await.expect("the elected one is found");
    writing.progress(20 * WRITERS).await;

    stop_without_loss_since_the_promotion(writing).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_moves_to_a_node_that_nobody_knew_while_it_is_written_to_and_read() {
    let mut cluster = Cluster::start();
    let writing = Writing::start(&cluster.url(), true, WRITERS).await;
    let to = cluster.add_primary();
    let id = writing.ids()[0];
    let slot = cluster.slot(&format!("{{{id}}}"));
    cluster.begin_move(slot, cluster.primary_of(slot), to);
    // Only the old node knows the new one, and redirects requests for the slot's keys.
    for content in ["first", "second"] {
        writing.store().send(&id, &pending(&id, content, None)).await.unwrap();
        writing.read(&id).await;
    }
    cluster.finish_move(slot, to);
    writing.progress(WRITERS).await;
    let (acknowledged, mut there) = writing.stop().await;
    assert!(there.remove("first") && there.remove("second"));
    assert_eq!(acknowledged.into_iter().map(|(content, _)| content).collect::<HashSet<_>>(), there);
}
