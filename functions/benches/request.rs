//! What a request takes between the network and the store, on the store in memory.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::HashMap;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use functions::dispatch::dispatch;
use functions::function::Function;
use functions::route::Route;
use functions::service::{Service, Streams};
use http::header::{ETAG, IF_NONE_MATCH};
use http::{HeaderValue, StatusCode};
use lambda_http::{Body, Context, Request, RequestExt};
use shared::config::Config;
use shared::conversation::ConversationId;
use shared::message::NewMessage;
use shared::store::{PendingMessage, Store};
use tokio::runtime::Builder;

const MESSAGE: &str = r#"{"sender": "agent", "content": "Hello, how can I help?", "timestamp": "2025-04-05T14:01:00Z"}"#;

/// How many requests one store gets: sent to for long, a conversation would be full.
const REQUESTS: u64 = 1_000;

/// What there is to be asked for.
struct Present {
    service: Service,
    conversation: String,
    etag: HeaderValue,
}

impl Present {
    /// A store with one conversation, of some messages.
    async fn new(messages: usize) -> Self {
        let config = Config::from_variables(|_| None).unwrap();
        let store = Store::open(&config).await;
        let id = ConversationId::random();
        store.create(&id).await.unwrap();
        let message = NewMessage::from_json(MESSAGE.as_bytes()).unwrap();
        for _ in 0..messages {
            store.send(&id, &PendingMessage::new(&id, &message, None)).await.unwrap();
        }
        let service = Service { store, streams: Streams::Batched, tokens: None };
        let etag = HeaderValue::from_static("");
        let mut present = Self { service, conversation: id.to_string(), etag };
        let read =
            dispatch(Function::of(Route::GetConversation), &present.service, present.request(""))
                .await;
        present.etag = read.headers()[ETAG].clone();
        present
    }

    /// A request as Lambda hands it over.
    fn request(&self, body: &str) -> Request {
        let mut context = Context::default();
        context.request_id = "8f5e1c1e-5f0a-4c62-9d7e-2f7f4a3c9b10".to_owned();
        let path = HashMap::from([("conversationId".to_owned(), self.conversation.clone())]);
        let body = Body::Text(body.to_owned());
        Request::new(body).with_path_parameters(path).with_lambda_context(context)
    }

    fn read_after(&self, cursor: &str) -> Request {
        let query = HashMap::from([("after".to_owned(), cursor.to_owned())]);
        self.request("").with_query_string_parameters(query)
    }

    fn read_unless_unchanged(&self) -> Request {
        let mut request = self.request("");
        request.headers_mut().insert(IF_NONE_MATCH, self.etag.clone());
        request
    }
}

/// The time in which some requests are answered, without that in which they are made.
async fn time(
    requests: u64,
    messages: usize,
    (route, expected): (Route, StatusCode),
    request: impl Fn(&Present) -> Request,
) -> Duration {
    let present = Present::new(messages).await;
    let requests: Vec<_> = (0..requests).map(|_| request(&present)).collect();
    let started = Instant::now();
    for request in requests {
        let answer = dispatch(Function::of(route), &present.service, request).await;
        assert_eq!(answer.status(), expected);
    }
    started.elapsed()
}

fn requests(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let mut bench = |name: &str, messages, ends, request: fn(&Present) -> Request| {
        criterion.bench_function(name, |bencher| {
            bencher.iter_custom(|times| {
                let stores = (0..times).step_by(REQUESTS as usize);
                let requests = stores.map(|done| REQUESTS.min(times - done));
                requests.map(|some| runtime.block_on(time(some, messages, ends, request))).sum()
            });
        });
    };
    let created = (Route::CreateConversation, StatusCode::CREATED);
    bench("create", 0, created, |present| present.request(""));
    let sent = (Route::SendMessage, StatusCode::CREATED);
    bench("send", 0, sent, |present| present.request(MESSAGE));
    let read = (Route::GetConversation, StatusCode::OK);
    bench("read 10 messages", 10, read, |present| present.request(""));
    bench("read 1,000 messages", 1_000, read, |present| present.request(""));
    bench("read 10 messages after=0", 10, read, |present| present.read_after("0"));
    bench("read 1,000 messages after=0", 1_000, read, |present| present.read_after("0"));
    let unchanged = (Route::GetConversation, StatusCode::NOT_MODIFIED);
    bench("read what is unchanged", 1_000, unchanged, Present::read_unless_unchanged);
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(2));
    targets = requests
}
criterion_main!(benches);
