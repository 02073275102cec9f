//! The rights that the template gives to the user of its cache, on every server that the tests run on.

use std::path::Path;

use reqwest::Method;
use serde_json::json;
use serde_norway::Value;
use testing::api::{Api, answer};
use testing::events::EventSource;
use testing::gateway::{Gateway, Invocations};
use testing::redis::{RedisServer, free_port};
use testing::wait::wait_until;

use crate::binaries::functions;
use crate::serverless_commands::refusals;

/// The rules of the cache's user, as the template has them.
pub fn access_string() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
    let text = std::fs::read_to_string(path).expect("the template");
    let template: Value = serde_norway::from_str(&text).expect("YAML");
    let rules = &template["Resources"]["CacheUser"]["Properties"]["AccessString"];
    rules.as_str().expect("rules").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_caches_user_may_do_is_enough_and_no_more() {
    let rules = access_string();
    // As ElastiCache Serverless shows itself: a cluster with one node, which gives its users all
    // channels unless they are taken away.
    let bus = free_port().to_string();
    let cluster = ["--cluster-enabled", "yes", "--cluster-port", &bus];
    let options = [&cluster[..], &["--acl-pubsub-default", "allchannels"]].concat();
    let redis = RedisServer::start_with(&options);
    redis.expect_ok(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
    wait_until("the cluster is whole", || {
        redis.command(&["CLUSTER", "INFO"]).contains("cluster_state:ok")
    });
    let mut command = vec!["ACL", "SETUSER", "parley", ">password"];
    command.extend(rules.split(' '));
    redis.expect_ok(&command);
    for forbidden in [
        ["FLUSHALL", "SYNC"],
        ["CONFIG", "GET"],
        ["CLUSTER", "RESET"],
        ["SET", "other"],
        ["SSUBSCRIBE", "other"],
    ] {
        let mut dry_run = vec!["ACL", "DRYRUN", "parley"];
        dry_run.extend(forbidden);
        dry_run.push("x");
        assert!(redis.command(&dry_run).contains("no permissions"), "{forbidden:?}");
    }
    let refusals = refusals(&redis);
    let unsupported = refusals.iter().map(String::as_str);
    redis.expect_ok(
        &["ACL", "SETUSER", "parley"].into_iter().chain(unsupported).collect::<Vec<_>>(),
    );
    redis.expect_ok(&["ACL", "SETUSER", "default", "off"]);
    let url = format!("redis://parley:password@127.0.0.1:{}", redis.port());
    let variables = &[("REDIS_CLUSTER", "true"), ("QUEUE", "true")];
    let gateway = Gateway::invoking(Invocations::Plain, functions(), &url, variables).await;
    let api = Api::at(&gateway.url);

    let conversation = api.create().await;
    let message = api.send(&conversation, "hello").await;
    let mut source = EventSource::new(&api, &conversation);
    assert_eq!(source.next_happening().await.data["content"], "hello");
    assert_eq!(api.send_once(&conversation, "once", "key").await.status, 201);
    let read = api.get(&conversation).await;
    let etag = read.header("etag").to_owned();
    let again = api.request(Method::GET, &conversation).header("If-None-Match", etag);
    assert_eq!(answer(again).await.status, 304);
    assert_eq!(api.delete(&conversation, &message).await.status, 200);
    assert_eq!(api.contents(&conversation).await, ["once"]);
    for event in [
        json!({"sender": "agent", "event": "typing"}),
        json!({"sender": "agent", "event": "seen", "cursor": "0"}),
        json!({"sender": "agent", "event": "joined", "name": "Ada"}),
        json!({"sender": "agent", "event": "closed"}),
    ] {
        api.accepted(&conversation, event).await;
    }
    let key = "3f0c1a52-7a3e-4b1f-9c55-0d2f6a7b8c9d";
    for replayed in [false, true] {
        let created = api.create_with(json!({"metadata": {"a": 1}}), key).await;
        assert_eq!(created.headers.contains_key("idempotency-replayed"), replayed);
    }
    let waits = api.get("/api/conversations").await.json();
    assert_eq!(waits["conversations"].as_array().map(Vec::len), Some(1), "{waits}");
    assert_eq!(api.delete_conversation(&conversation).await.status, 200);
}
