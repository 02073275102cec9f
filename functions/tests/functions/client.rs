//! The client `parley.js` in front of the functions, where streams come in batches.

use std::time::Duration;

use crate::binaries::functions;
use testing::gateway::Gateway;
use testing::proxy::{Fault, Proxy};
use testing::redis::{RedisServer, free_port};
use testing::talk::Talk;
use testing::wait::until;

/// How long faults last that have no end of their own.
const A_MOMENT: Duration = Duration::from_millis(300);

/// The functions, and the proxy through which clients reach them.
async fn start(redis: &RedisServer) -> (Gateway, u16, Proxy) {
    let gateway = Gateway::start(functions(), &redis.url(), &[]).await;
    let port = gateway.url.rsplit(':').next().and_then(|port| port.parse().ok());
    let port = port.expect("a port");
    (gateway, port, Proxy::to(port).await)
}

fn url(proxy: &Proxy) -> String {
    proxy.url().replace("redis://", "http://")
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_while_the_network_fails() {
    let redis = RedisServer::start();
    let (gateway, port, proxy) = start(&redis).await;
    let talk = Talk::start(&url(&proxy)).await;
    proxy.cut();
    let cut = talk.goes_on().await;
    for fault in [Fault::LoseAnswer, Fault::CutAnswer] {
        proxy.fail(fault);
        until("an answer is lost", async || proxy.has_failed()).await;
        talk.goes_on().await;
    }
    proxy.fail(Fault::HoldRequests);
    tokio::time::sleep(A_MOMENT).await;
    proxy.release();
    talk.goes_on().await;
    proxy.lead_to(free_port());
    proxy.cut();
    let waits = talk.waits().await;
    tokio::time::sleep(5 * A_MOMENT).await;
    proxy.lead_to(port);
    let online = talk.goes_on().await;
    let (messages, states) = talk.ends_well(&gateway.url).await;
    println!(
        "cut {cut:?}, waits {waits:?}, online {online:?}: {messages} messages, {states} states"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_while_redis_is_restarted() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().to_string_lossy();
    let options = ["--appendonly", "yes", "--appendfsync", "always", "--dir", &path];
    let mut redis = RedisServer::start_with(&options);
    let (gateway, _, proxy) = start(&redis).await;
    let talk = Talk::start(&url(&proxy)).await;
    redis.kill();
    let waits = talk.waits().await;
    redis.restart();
    let goes_on = talk.goes_on().await;
    let (messages, states) = talk.ends_well(&gateway.url).await;
    println!("Redis: waits {waits:?}, goes on {goes_on:?}: {messages} messages, {states} states");
}
