//! The documented backend that greets everybody.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;
use testing::api::{Api, TIMESTAMP};
use testing::contract::{QUEUE, TOKENS};
use testing::process::Process;
use testing::router::Router;
use testing::token;
use testing::wait::until;

use crate::document::Document;

const GREETING: &str = "Hello! Somebody will be with you soon.";

fn save(folder: &Path) {
    let blocks = Document::read("functions/README.md").blocks;
    let block = blocks.iter().find(|block| block.language == "js").expect("the backend");
    assert_eq!(block.file_name(), "greet.mjs");
    fs::write(folder.join("greet.mjs"), &block.text).expect("a file");
}

fn start(folder: &Path, router: &Router) -> Process {
    let mut command = Command::new("node");
    command.arg("greet.mjs").current_dir(folder).stderr(Stdio::null());
    command.env("PARLEY_URL", &router.url).env("PARLEY_TOKEN", token::agent());
    Process::start(&mut command, "The tests need Node.js 20 or later.")
}

async fn waiting(api: &Api) -> usize {
    let queue = api.get("/api/conversations").await.json();
    queue["conversations"].as_array().map_or(0, Vec::len)
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_greeted_once_however_often_the_backend_is_killed() {
    let router = Router::start(env!("CARGO_BIN_EXE_local"), None, &[QUEUE, TOKENS]);
    let folder = tempfile::tempdir().expect("a folder");
    save(folder.path());
    let api = Api::at(&router.url).with_token(token::agent());
    let hello = json!({"sender": "customer", "content": "Hi", "timestamp": TIMESTAMP}).to_string();

    let mut created = Vec::new();
    let mut greeter = start(folder.path(), &router);
    for number in 0..60 {
        let conversation = api.create().await;
        if number % 3 == 0 {
            let customer = api.as_customer_of(&conversation);
            assert_eq!(customer.post(&conversation, hello.clone()).await.status, 201);
        }
        created.push(conversation);
        if number % 6 == 5 {
            // In the middle of its work: there is more to greet.
            until("one is greeted", async || waiting(&api).await <= 5).await;
            drop(greeter);
            greeter = start(folder.path(), &router);
        }
    }
    until("nobody waits", async || waiting(&api).await == 0).await;
    for conversation in &created {
        let contents = api.contents(conversation).await;
        let greetings = contents.iter().filter(|content| *content == GREETING).count();
        assert_eq!(greetings, 1, "{contents:?}");
    }
    // An agent can still take one by a name.
    let joined = json!({"sender": "agent", "event": "joined", "name": "Kim"});
    api.accepted(&created[0], joined).await;
}
