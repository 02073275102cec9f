//! What `functions/scripts/count_instructions.sh` counts: one request answered, as often as it is told.
//!
//! The whole way of a request but the network, on the store in memory. A package of its own, so
//! that the handlers are built with the features they are deployed with: the tests add to tokio a
//! clock that can be stopped, and much that takes long to build.

use std::env;
use std::error::Error;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{self, Poll};

use functions::endpoint::Endpoint;
use functions::http::request::{PathParameters, Request};
use functions::route::Route;
use functions::state::{AppState, StreamMode};
use shared::config::Config;
use shared::domain::conversation::ConversationId;
use shared::domain::message::NewMessage;
use shared::logging::{self, Format};
use shared::store::{PendingConversation, PendingMessage, Store};
use tracing::level_filters::LevelFilter;

const MESSAGE: &str = r#"{"sender": "agent", "content": "Hello, how can I help?", "timestamp": "2025-04-05T14:01:00Z"}"#;
/// How many messages there are to be read.
const MESSAGES: usize = 10;

/// Takes what to do, `send` or `read`, and how often.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [operation, times] = &arguments[..] else {
        return Err("send or read, and how often".into());
    };
    let (route, body) = match operation.as_str() {
        "send" => (Route::SendMessage, MESSAGE),
        "read" => (Route::GetConversation, ""),
        _ => return Err("neither send nor read".into()),
    };

    logging::start(Format::Text, std::io::stderr, LevelFilter::WARN)?;
    let config = Config::from_variables(|_| None)?;
    let store = Store::open(&config).await;
    let state = AppState {
        store,
        queue: None,
        stream_mode: StreamMode::Live,
        tokens: None,
        open_creation: true,
    };
    let conversation = ConversationId::random();
    state.store.create(&PendingConversation::with_id(conversation)).await?;
    let message = NewMessage::from_json(MESSAGE.as_bytes())?;
    for _ in 0..MESSAGES {
        let message = PendingMessage::new(&conversation, &message, None);
        state.store.send(&conversation, &message).await?;
    }

    let conversation = conversation.to_string();
    for _ in 0..times.parse()? {
        let request = request(&conversation, body);
        let mut answering = pin!(Endpoint::of(route).respond(&state, &request));
        let response = poll_fn(|context| counted(answering.as_mut(), context)).await;
        if !response.status().is_success() {
            return Err(format!("the {operation} was answered {}", response.status()).into());
        }
    }
    Ok(())
}

/// Callgrind counts while it is in here, which it knows by the name.
#[inline(never)]
fn counted<T>(handling: Pin<&mut impl Future<Output = T>>, context: &mut task::Context) -> Poll<T> {
    handling.poll(context)
}

/// A request as an adapter makes it.
fn request(conversation: &str, body: &'static str) -> Request {
    Request {
        id: "8f5e1c1e-5f0a-4c62-9d7e-2f7f4a3c9b10".to_owned(),
        path: PathParameters { conversation_id: Some(conversation.to_owned()), message_id: None },
        body: body.into(),
        ..Request::default()
    }
}
