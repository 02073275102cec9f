//! What a request takes between the network and the store, on the store in memory.
#![allow(clippy::unwrap_used, missing_docs)]

use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use functions::endpoint::Endpoint;
use functions::http::request::{PathParameters, Request};
use functions::http::response::Response;
use functions::route::Route;
use functions::state::{AppState, StreamMode};
use http::header::{ETAG, IF_NONE_MATCH};
use http::{HeaderValue, StatusCode};
use shared::config::Config;
use shared::domain::conversation::ConversationId;
use shared::domain::message::NewMessage;
use shared::store::{PendingConversation, PendingMessage, Store};
use tokio::runtime::Builder;

const MESSAGE: &str = r#"{"sender": "agent", "content": "Hello, how can I help?", "timestamp": "2025-04-05T14:01:00Z"}"#;

/// How many requests one store gets: sent to for long, a conversation would be full.
const REQUESTS: u64 = 1_000;

/// What there is to be asked for.
struct Present {
    state: AppState,
    conversation: String,
    etag: HeaderValue,
}

impl Present {
    /// A store with one conversation, of some messages.
    async fn new(messages: usize) -> Self {
        let config = Config::from_variables(|_| None).unwrap();
        let store = Store::open(&config).await;
        let id = ConversationId::random();
        store.create(&PendingConversation::with_id(id)).await.unwrap();
        let message = NewMessage::from_json(MESSAGE.as_bytes()).unwrap();
        for _ in 0..messages {
            store.send(&id, &PendingMessage::new(&id, &message, None)).await.unwrap();
        }
        let state = AppState {
            store,
            queue: None,
            stream_mode: StreamMode::Live,
            tokens: None,
            open_creation: true,
        };
        let etag = HeaderValue::from_static("");
        let mut present = Self { state, conversation: id.to_string(), etag };
        let read = present.answer(Route::GetConversation, &present.request("")).await;
        present.etag = read.headers()[ETAG].clone();
        present
    }

    fn request(&self, body: &'static str) -> Request {
        let conversation_id = Some(self.conversation.clone());
        Request {
            id: "8f5e1c1e-5f0a-4c62-9d7e-2f7f4a3c9b10".to_owned(),
            path: PathParameters { conversation_id, message_id: None },
            body: body.into(),
            ..Request::default()
        }
    }

    fn read_after(&self, cursor: &str) -> Request {
        Request { query: vec![("after".to_owned(), cursor.to_owned())], ..self.request("") }
    }

    fn read_unless_unchanged(&self) -> Request {
        let mut request = self.request("");
        request.headers.insert(IF_NONE_MATCH, self.etag.clone());
        request
    }

    /// Answers a request as the adapters do.
    async fn answer(&self, route: Route, request: &Request) -> Response {
        Endpoint::of(route).respond(&self.state, request).await
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
        let response = present.answer(route, &request).await;
        assert_eq!(response.status(), expected);
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
