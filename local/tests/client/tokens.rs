//! The client where tokens are on.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use testing::contract::TOKENS;
use testing::router::Router;
use testing::talk::MODULE;
use tokio::time::timeout;

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/client/tokens.mjs");

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_ends_is_replaced_by_a_fresh_one_and_nothing_is_lost() {
    let router = Router::start(env!("CARGO_BIN_EXE_local"), None, &[TOKENS]);
    let token = [env!("CARGO_BIN_EXE_local"), "token", "--role", "agent", "--ttl", "2s"];
    let mut command = Command::new("node");
    command.args([PROGRAM, MODULE, &router.url]).args(token).env(TOKENS.0, TOKENS.1);
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = timeout(Duration::from_secs(60), output).await.expect("an end");
    let output = output.expect("a thread").expect("Node.js 20 or later");
    let printed = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let outcome: Value = serde_json::from_str(&printed).expect("JSON");
    assert_eq!(outcome["kept"], outcome["sent"]);
    let mut told = outcome["told"].as_array().expect("what was told").clone();
    assert_eq!(told.pop().expect("a refusal"), "forbidden", "a customer deletes no conversation");
    assert_eq!(Value::from(told), outcome["sent"]);
}
