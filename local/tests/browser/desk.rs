//! The agent's desk in a real browser.
//!
//! - [`taking`]: several agents and customers; a conversation from its wait to its end.
//! - [`access`]: the queue switched off, and tokens.
//! - [`page`]: the page itself: its policy, the keyboard, axe-core, sizes, and what tells of a new one.
//! - [`window`]: a window with the desk in it.

mod access;
mod page;
mod taking;
mod window;

use serde_json::json;
use testing::Variables;
use testing::api::{Api, TIMESTAMP};
use testing::router::Router;

fn serve(variables: Variables) -> Router {
    Router::start(env!("CARGO_BIN_EXE_local"), None, variables)
}

/// Begins the conversation of a customer with a name, and returns its path.
async fn wait_as(api: &Api, name: &str) -> String {
    let created = api.create_with(json!({"metadata": {"name": name, "order": 4711}}), "").await;
    created.header("location").to_owned()
}

/// Writes as a conversation's customer.
async fn write(api: &Api, conversation: &str, content: &str) {
    let message = json!({"sender": "customer", "content": content, "timestamp": TIMESTAMP});
    let customer = api.as_customer_of(conversation);
    assert_eq!(customer.post(conversation, message.to_string()).await.status, 201);
}
