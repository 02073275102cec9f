//! Every block of every README, run as it is printed; every link, path and error that they name.
//!
//! - [`document`]: a document's blocks.
//! - [`excluded`]: the blocks that cannot run in a test, and why.
//! - [`session`]: one bash for each document, into which its other blocks go in their order.
//! - [`check`]: what is checked of those that do not run: files, scripts, tests, options.
//! - [`links`]: the links, and the paths in the prose.
//! - [`compose`]: the compose file, held to the image and the code.
//! - [`workflow`]: the workflow, held to name what is there.
//! - [`greeter`]: the backend that greets everybody, killed again and again.
//! - [`errors`]: the table of errors, held to openapi.json.
//!
//! The blocks are for bash, so Windows has no such tests.
#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic)]

mod check;
mod compose;
mod document;
mod errors;
mod excluded;
mod greeter;
mod links;
mod session;
mod workflow;

use std::path::{Path, PathBuf};

use document::Document;
use session::Session;
use testing::browser::Browser;
use testing::documented_page::DocumentedPage;

const DOCUMENTS: [&str; 6] = [
    "README.md",
    "functions/API.md",
    "functions/README.md",
    "local/README.md",
    "shared/README.md",
    ".github/CONTRIBUTING.md",
];

/// The documents without a block that can run in a test.
const ONLY_CHECKED: [&str; 1] = [".github/CONTRIBUTING.md"];

/// The documents of which the links alone are checked.
const ONLY_LINKED: [&str; 2] = [".github/SECURITY.md", ".github/CHANGELOG.md"];

/// The top of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("a folder")
}

#[test]
fn the_readme_works_as_printed() {
    let session = Session::run("README.md");
    session.prints(&["Hello, how can I help?", r#"{"message":"Message deleted successfully"}"#]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_works_as_printed_and_its_pages_from_disk() {
    let session = Session::run("functions/API.md");
    session.prints(&[
        r#"{"message":"Message added successfully""#,
        "idempotency-replayed: true",
        // Of a creation under a key, and of sending only if nothing is new.
        "idempotency-replayed: true",
        "HTTP/1.1 201 Created",
        "HTTP/1.1 412 Precondition Failed",
        "HTTP/1.1 304 Not Modified",
        r#"{"message":"Event accepted"}{"message":"Event accepted"}{"message":"Event accepted"}"#,
        r#""content":"Is anybody there?""#,
        // The answer that was held holds what came later alone.
        r#""messages":[{"messageId":""#,
        r#""content":"I am.""#,
        "event: expires",
        "event: message",
        "follow.html#",
        "chat.html#",
        r#""customerToken":"#,
        r#"{"message":"Message added successfully""#,
        // To the tokens of the router, of Node.js and of Python.
        r#""content":"Hello""#,
        r#""content":"Hello""#,
        r#""content":"Hello""#,
    ]);
    let held = session.line_with(r#""content":"I am.""#);
    assert!(!held.contains("Is anybody there?"), "{held}");

    let browser = Browser::start();
    let mut messages = vec![
        "customer: Hello",
        "customer: Is anybody there?",
        "agent: We are open until 8.",
        "agent: I am.",
    ];
    let mut addresses = session.lines_with("file://");
    let follow = DocumentedPage::open(&browser, addresses.next().expect("a page")).await;
    follow.shows(&messages).await;
    let chat = DocumentedPage::open(&browser, addresses.next().expect("a page")).await;
    chat.shows(&messages).await;
    chat.send("Good to know").await;
    messages.push("customer: Good to know");
    chat.shows(&messages).await;
    follow.shows(&messages).await;
}

#[test]
fn the_lines_about_a_help_desk_work_as_printed() {
    Session::run("functions/README.md").prints(&["Hello! Somebody will be with you soon."]);
}

#[test]
fn the_lines_about_redis_work_as_printed() {
    Session::run("shared/README.md").prints(&["OK", r#"{"conversationId":""#]);
}

#[test]
fn the_lines_about_the_router_work_as_printed() {
    Session::run("local/README.md").prints(&[
        r#"{"conversationId":""#,
        r#"{"status":"ok"}{"status":"ok"}"#,
        "healthy",
        "parley_streams_open 0",
    ]);
}

#[test]
fn what_cannot_run_in_a_test_names_what_is_there() {
    for name in DOCUMENTS {
        let blocks = Document::read(name).blocks;
        for block in blocks.iter().filter(|block| excluded::reason(block).is_some()) {
            check::block(block);
        }
    }
}

#[test]
fn every_block_runs_or_is_excluded_and_no_exclusion_is_left_over() {
    let blocks = DOCUMENTS.map(|name| Document::read(name).blocks).concat();
    for excluded in &excluded::EXCLUDED {
        let is_there = blocks.iter().any(|block| excluded.is(block));
        assert!(is_there, "{} has no block that begins with {}", excluded.document, excluded.start);
    }
    // The tests above run one session for each document but these.
    let mut checked = blocks.iter().filter(|block| ONLY_CHECKED.contains(&block.document));
    assert!(checked.all(|block| excluded::reason(block).is_some()));
}

#[test]
fn every_link_and_path_leads_somewhere() {
    for name in DOCUMENTS.into_iter().chain(ONLY_LINKED) {
        links::check(name);
        links::check_paths(name);
    }
}

#[test]
fn the_table_of_errors_is_that_of_the_description() {
    assert_eq!(errors::of_document("functions/API.md"), errors::of_description());
}
