//! What the template says of the code is so.
#![allow(clippy::expect_used)]

use std::path::{Path, PathBuf};

use reqwest::Method;
use serde_norway::Value;
use shared::limits::MAX_WAIT_SECONDS;
use testing::api::{Api, answer};
use testing::events::EventSource;
use testing::redis::RedisServer;
use testing::router::Router;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn template() -> Value {
    let text = std::fs::read_to_string(root().join("template.yaml")).expect("the template");
    serde_norway::from_str(&text).expect("YAML")
}

/// The text of all files in a folder, and in those within it.
fn texts(folder: &Path) -> String {
    let entries =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    let text = |path: PathBuf| match path.is_dir() {
        true => texts(&path),
        false => std::fs::read_to_string(path).expect("text"),
    };
    entries.map(|entry| text(entry.path())).collect()
}

#[test]
fn every_variable_that_it_sets_is_one_that_the_code_reads() {
    let template = template();
    let variables = &template["Globals"]["Function"]["Environment"]["Variables"];
    let code = texts(&root().join("shared/src"));
    let variables = variables.as_mapping().expect("variables");
    assert!(variables.len() > 5);
    for (name, _) in variables {
        let name = name.as_str().expect("a name");
        assert!(code.contains(&format!("\"{name}\"")), "nothing reads {name}");
    }
}

#[test]
fn reading_may_take_as_long_as_it_may_wait_and_less_than_api_gateway_lets_it() {
    // <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>
    const API_GATEWAY_SECONDS: u64 = 30;
    let template = template();
    let timeout = &template["Resources"]["GetConversation"]["Properties"]["Timeout"];
    let timeout = timeout.as_u64().expect("seconds");
    assert!((MAX_WAIT_SECONDS + 2..API_GATEWAY_SECONDS).contains(&timeout), "{timeout}");
    // A request is answered within 3 seconds, whatever Redis does.
    let least = template["Parameters"]["Timeout"]["MinValue"].as_u64();
    assert!(least.expect("seconds") > 3);
}

#[test]
fn each_function_has_a_log_and_a_binary_of_its_own() {
    let template = template();
    let mut logs = std::collections::HashSet::new();
    for (name, resource) in template["Resources"].as_mapping().expect("resources") {
        if resource["Type"] != "AWS::Serverless::Function" {
            continue;
        }
        let log = &resource["Properties"]["LoggingConfig"]["LogGroup"];
        let Value::Tagged(log) = log else { panic!("no reference: {log:?}") };
        let log = log.value.as_str().expect("a name").to_owned();
        assert_eq!(log, format!("{}Log", name.as_str().expect("a name")));
        assert_eq!(template["Resources"][log.as_str()]["Type"], "AWS::Logs::LogGroup");
        logs.insert(log);
    }
    assert_eq!(logs.len(), 4);
}

#[tokio::test]
async fn what_the_caches_user_may_do_is_enough() {
    let template = template();
    let rules = &template["Resources"]["CacheUser"]["Properties"]["AccessString"];
    let rules = rules.as_str().expect("rules");
    let redis = RedisServer::start();
    let mut command = vec!["ACL", "SETUSER", "parley", ">password"];
    command.extend(rules.split(' '));
    redis.expect_ok(&command);
    let url = format!("redis://parley:password@127.0.0.1:{}", redis.port());
    let router = Router::start(env!("CARGO_BIN_EXE_local"), Some(&url), &[]);
    let api = Api::at(&router.url);

    let conversation = api.create().await;
    let mut source = EventSource::new(&api, &conversation);
    assert_eq!(source.next().await.event, "expires");
    let message = api.send(&conversation, "hello").await;
    assert_eq!(source.next_happening().await.data["content"], "hello");
    assert_eq!(api.send_once(&conversation, "once", "key").await.status, 201);
    let read = api.get(&conversation).await;
    let etag = read.header("etag").to_owned();
    let again = api.request(Method::GET, &conversation).header("If-None-Match", etag);
    assert_eq!(answer(again).await.status, 304);
    assert_eq!(api.delete(&conversation, &message).await.status, 200);
    assert_eq!(api.contents(&conversation).await, ["once"]);

    // And no more than that.
    for forbidden in [["FLUSHALL", "SYNC"], ["CONFIG", "GET"], ["SET", "other"]] {
        let mut dry_run = vec!["ACL", "DRYRUN", "parley"];
        dry_run.extend(forbidden);
        dry_run.push("x");
        assert!(redis.command(&dry_run).contains("no permissions"), "{forbidden:?}");
    }
}
