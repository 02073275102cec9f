//! The rights that the template gives to the user of its cache. The functions are held to them in
//! [`serverless_cache`](crate::serverless_cache).

use std::path::Path;

use serde_norway::Value;
use testing::redis::RedisServer;

/// The rules of the cache's user, as the template has them.
pub fn access_string() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
    let text = std::fs::read_to_string(path).expect("the template");
    let template: Value = serde_norway::from_str(&text).expect("YAML");
    let rules = &template["Resources"]["CacheUser"]["Properties"]["AccessString"];
    rules.as_str().expect("rules").to_owned()
}

#[test]
fn the_caches_user_may_do_no_more_than_it_has_to() {
    // As ElastiCache Serverless: users have all channels unless they are taken away.
    let redis = RedisServer::start_with(&["--acl-pubsub-default", "allchannels"]);
    let rules = access_string();
    let mut command = vec!["ACL", "SETUSER", "parley"];
    command.extend(rules.split(' '));
    redis.expect_ok(&command);
    for forbidden in [
        ["FLUSHALL", "SYNC"],
        ["CONFIG", "GET"],
        ["CLUSTER", "RESET"],
        ["SET", "other"],
        ["PUBLISH", "other"],
    ] {
        let mut dry_run = vec!["ACL", "DRYRUN", "parley"];
        dry_run.extend(forbidden);
        dry_run.push("x");
        assert!(redis.command(&dry_run).contains("no permissions"), "{forbidden:?}");
    }
}
