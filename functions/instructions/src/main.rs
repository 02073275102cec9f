//! What `functions/scripts/count_instructions.sh` counts: one request dispatched, as often as it is told.
//!
//! The whole way of a request but the network, on the store in memory. A package of its own, so
//! that the handlers are built with the features they are deployed with: the tests add to tokio a
//! clock that can be stopped, and much that takes long to build.

use std::collections::HashMap;
use std::env;
use std::error::Error;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{self, Poll};

use functions::dispatch::dispatch;
use functions::function::Function;
use functions::route::Route;
use functions::service::{Service, Streams};
use lambda_http::{Body, Context, Request, RequestExt};
use shared::config::Config;
use shared::conversation::ConversationId;
use shared::logging::{self, Format};
use shared::message::NewMessage;
use shared::store::{PendingMessage, Store};
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

    logging::start(Format::Text, LevelFilter::WARN)?;
    let config = Config::from_variables(|_| None)?;
    let service =
        Service { store: Store::open(&config).await, streams: Streams::Batched, tokens: None };
    let conversation = ConversationId::random();
    service.store.create(&conversation).await?;
    let message = NewMessage::from_json(MESSAGE.as_bytes())?;
    for _ in 0..MESSAGES {
        let draft = PendingMessage::new(&conversation, &message, None);
        service.store.send(&conversation, &draft).await?;
    }

    let conversation = conversation.to_string();
    for _ in 0..times.parse()? {
        let mut handling =
            pin!(dispatch(Function::of(route), &service, request(&conversation, body)));
        let answer = poll_fn(|context| counted(handling.as_mut(), context)).await;
        if !answer.status().is_success() {
            return Err(format!("the {operation} was answered {}", answer.status()).into());
        }
    }
    Ok(())
}

/// Callgrind counts while it is in here, which it knows by the name.
#[inline(never)]
fn counted<T>(handling: Pin<&mut impl Future<Output = T>>, context: &mut task::Context) -> Poll<T> {
    handling.poll(context)
}

/// A request as Lambda hands it over.
fn request(conversation: &str, body: &str) -> Request {
    let mut context = Context::default();
    context.request_id = "8f5e1c1e-5f0a-4c62-9d7e-2f7f4a3c9b10".to_owned();
    let path = HashMap::from([("conversationId".to_owned(), conversation.to_owned())]);
    let body = Body::Text(body.to_owned());
    Request::new(body).with_path_parameters(path).with_lambda_context(context)
}
