//! The whole way of a request but the network, for requests that no client of ours would send.
//!
//! A long run is `PROPTEST_CASES=1000000 cargo test --release -p functions --test functions any_request`.

use std::time::Duration;

use functions::endpoint::Endpoint;
use functions::http::body::Body;
use functions::http::request::{PathParameters, Request};
use functions::http::response::Response;
use functions::middleware::REQUEST_ID;
use functions::route::Route;
use functions::state::{AppState, StreamMode};
use futures_util::StreamExt;
use http::header::{CONTENT_TYPE, ETAG, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use shared::config::Config;
use shared::store::Store;
use shared::store::queue::Queue;
use tokio::time::{Instant, timeout};

/// Stand in what is generated for the ids of the one conversation and the one message there are,
/// and for the cursor at its end.
const CONVERSATION: &str = "<conversation>";
const MESSAGE: &str = "<message>";
const CURSOR: &str = "<cursor>";

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");

const HEADERS: [&str; 7] = [
    "idempotency-key",
    "if-none-match",
    "last-event-id",
    "accept",
    "content-type",
    "content-length",
    "authorization",
];

const LIKELY: [(&str, &str); 9] = [
    ("accept", "text/event-stream"),
    ("idempotency-key", "key"),
    ("idempotency-key", "3f0c1a52-7a3e-4b1f-9c55-0d2f6a7b8c9d"),
    ("if-match", "*"),
    ("if-match", "\"0\""),
    ("if-match", "\"99999999999\""),
    ("if-none-match", CURSOR),
    ("last-event-id", CURSOR),
    ("last-event-id", ""),
];

/// A request as it is generated: whatever an adapter might make, and what it never would.
#[derive(Clone, Debug)]
struct Generated {
    route: Route,
    stream_mode: StreamMode,
    method: String,
    path: PathParameters,
    query: Vec<(String, String)>,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    /// Milliseconds until the deadline, if there is one.
    deadline: Option<u64>,
}

fn id() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just(CONVERSATION.to_owned()),
        4 => Just(MESSAGE.to_owned()),
        1 => "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}",
        1 => any::<String>(),
    ]
}

fn path() -> impl Strategy<Value = PathParameters> {
    let parameter = || prop_oneof![9 => id().prop_map(Some), 1 => Just(None)];
    let any = (parameter(), parameter());
    let likely = (Just(Some(CONVERSATION.to_owned())), Just(Some(MESSAGE.to_owned())));
    prop_oneof![likely, any]
        .prop_map(|(conversation_id, message_id)| PathParameters { conversation_id, message_id })
}

fn query() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = prop_oneof![3 => Just("after".to_owned()), 3 => Just("wait".to_owned()), 1 => any::<String>()];
    let value = prop_oneof![
        Just("0".to_owned()),
        Just(CURSOR.to_owned()),
        "[0-9]{1,3}",
        "[+-]?[0-9]{0,30}",
        any::<String>(),
    ];
    prop::collection::vec((name, value), 0..4)
}

fn headers() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    let name = prop_oneof![select(&HEADERS[..]).prop_map(str::to_owned), "[a-z][a-z0-9-]{0,20}"];
    let value = prop_oneof![
        Just(b"text/event-stream".to_vec()),
        Just(b"*/*, text/event-stream;q=0.1".to_vec()),
        Just(b"\"1\",".repeat(2_000)),
        "(W/)?\"?[0-9]{0,12}\"?,?".prop_map(String::into_bytes),
        "[!-~]{1,300}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..60),
    ];
    let likely = select(&LIKELY[..]);
    let likely = likely.prop_map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    prop::collection::vec(prop_oneof![likely, (name, value)], 0..4)
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let value = || {
        prop_oneof![
            Just("\"agent\"".to_owned()),
            Just("\"2025-04-05T14:01:00Z\"".to_owned()),
            Just("\"\\ud800\"".to_owned()),
            Just("1e999".to_owned()),
            Just("[".repeat(5_000)),
            any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        ]
    };
    let object = [value(), value(), value()].prop_map(|[sender, content, timestamp]| {
        format!(r#"{{"sender":{sender},"content":{content},"timestamp":{timestamp}}}"#).into_bytes()
    });
    let message = "[ -~]{1,40}".prop_map(|text| {
        let text = serde_json::to_string(&text).unwrap();
        let timestamp = "2025-04-05T14:01:00Z";
        let body = format!(r#"{{"sender":"agent","content":{text},"timestamp":"{timestamp}"}}"#);
        body.into_bytes()
    });
    let event = select(&["typing", "seen", "joined", "closed", "left"][..]);
    let event = (event, value()).prop_map(|(event, value)| {
        let start = format!(r#"{{"sender":"agent","event":"{event}""#);
        format!(r#"{start},"name":{value},"reason":{value},"cursor":"0"}}"#).into_bytes()
    });
    let metadata = value()
        .prop_map(|value| format!("{{ \"metadata\" : {{\n\"a\" : {value} }} }}").into_bytes());
    prop_oneof![
        message,
        object,
        event,
        metadata,
        prop::collection::vec(any::<u8>(), 0..100),
        (17_000_usize..140_000).prop_map(|length| vec![b'{'; length]),
    ]
}

fn any_request() -> impl Strategy<Value = Generated> {
    let hold = Duration::from_secs(25);
    let long_poll = StreamMode::LongPoll { hold, retry: Duration::from_millis(250) };
    let stream_mode = select(vec![StreamMode::Live, long_poll]);
    let deadline = prop_oneof![Just(None), (0..4_000_000_u64).prop_map(Some)];
    let start = (select(&Route::ALL[..]), stream_mode, "[A-Z]{1,10}", deadline);
    (start, path(), query(), headers(), body()).prop_map(
        |((route, stream_mode, method, deadline), path, query, headers, body)| Generated {
            route,
            stream_mode,
            method,
            path,
            query,
            headers,
            body,
            deadline,
        },
    )
}

/// What there is to be named by a request.
struct Present {
    conversation: String,
    message: String,
    etag: String,
}

impl Present {
    /// Creates a conversation with one message in it, as any client would.
    async fn new(state: &AppState) -> Self {
        let created = answer(Route::CreateConversation, state, &Request::default()).await;
        let conversation = json(created)["conversationId"].as_str().unwrap().to_owned();
        let conversation_id = Some(conversation.clone());
        let path = PathParameters { conversation_id, message_id: None };
        let key = (HeaderName::from_static("idempotency-key"), HeaderValue::from_static("key"));
        let body = r#"{"sender":"agent","content":"x","timestamp":"2025-04-05T14:01:00Z"}"#;
        let send = Request {
            path: path.clone(),
            headers: HeaderMap::from_iter([key]),
            body: body.into(),
            ..Request::default()
        };
        let sent = answer(Route::SendMessage, state, &send).await;
        let message = json(sent)["messageId"].as_str().unwrap().to_owned();
        let read = Request { path, ..Request::default() };
        let read = answer(Route::GetConversation, state, &read).await;
        let etag = read.headers()[ETAG].to_str().unwrap().to_owned();
        Self { conversation, message, etag }
    }

    fn filled_in(&self, text: &str) -> String {
        match text {
            CONVERSATION => self.conversation.clone(),
            MESSAGE => self.message.clone(),
            CURSOR => self.etag.trim_matches('"').to_owned(),
            _ => text.to_owned(),
        }
    }

    fn request(&self, generated: &Generated) -> Request {
        let Generated { path, query, headers, body, .. } = generated;
        let filled_in = |text: &Option<String>| text.as_ref().map(|text| self.filled_in(text));
        let path = PathParameters {
            conversation_id: filled_in(&path.conversation_id),
            message_id: filled_in(&path.message_id),
        };
        let query = query.iter().map(|(name, value)| (name.clone(), self.filled_in(value)));
        let headers = headers.iter().filter_map(|(name, value)| {
            let value = match value == CURSOR.as_bytes() {
                true if name == "if-none-match" => self.etag.clone().into_bytes(),
                true => self.filled_in(CURSOR).into_bytes(),
                false => value.clone(),
            };
            // What HTTP cannot carry cannot arrive.
            let value = HeaderValue::from_bytes(&value).ok()?;
            Some((name.parse::<HeaderName>().unwrap(), value))
        });
        let mut all = HeaderMap::new();
        for (name, value) in headers {
            all.append(name, value);
        }
        Request {
            id: "the-request".to_owned(),
            method: generated.method.parse().unwrap(),
            path,
            query: query.collect(),
            headers: all,
            body: body.clone().into(),
            deadline: generated.deadline.map(|left| Instant::now() + Duration::from_millis(left)),
        }
    }
}

async fn answer(route: Route, state: &AppState, request: &Request) -> Response {
    Endpoint::of(route).respond(state, request).await
}

fn json(response: Response) -> Value {
    match response.into_body() {
        Body::Whole(body) => serde_json::from_slice(&body).expect("JSON"),
        Body::Stream(_) => panic!("a stream"),
    }
}

async fn assert_well_answered(response: Response) {
    let status = response.status().as_u16();
    assert!((200..500).contains(&status), "{status}");
    assert_eq!(response.headers()[REQUEST_ID], "the-request");
    assert_eq!(response.headers()[X_CONTENT_TYPE_OPTIONS], "nosniff");
    let content_type = response.headers().get(CONTENT_TYPE).cloned();
    match response.into_body() {
        Body::Stream(pieces) => {
            assert_eq!(status, 200);
            // An open stream goes on until the conversation's end: some of it will do.
            let pieces: Vec<_> = pieces.take(3).collect().await;
            assert!(pieces.iter().all(|piece| piece.ends_with(b"\n\n")), "half an event");
        }
        Body::Whole(body) if status == 304 => assert!(body.is_empty()),
        Body::Whole(body) if content_type == Some(EVENT_STREAM) => {
            assert_eq!(status, 200);
            assert!(body.ends_with(b"\n\n"), "half an event");
        }
        Body::Whole(body) => {
            assert_eq!(content_type, Some(JSON), "{status}");
            let body: Value = serde_json::from_slice(&body).expect("JSON");
            if status >= 400 {
                assert_eq!(body.as_object().expect("an object").len(), 2, "{body}");
                assert!(body["code"].is_string() && body["error"].is_string(), "{body}");
            }
        }
    }
}

#[test]
fn any_request_is_answered_and_never_with_a_5xx() {
    // Time passes by itself where everybody waits: a request that is held takes no time.
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().expect("a runtime");
    let _entered = runtime.enter();
    let config = Config::from_variables(|_| None).expect("a configuration");
    let store = runtime.block_on(Store::open(&config));
    TestRunner::new(ProptestConfig::default())
        .run(&any_request(), |generated| {
            runtime.block_on(async {
                let store = store.clone();
                let stream_mode = generated.stream_mode;
                let state = AppState {
                    queue: Some(Queue::new(store.clone())),
                    store,
                    stream_mode,
                    tokens: None,
                    open_creation: true,
                };
                let request = Present::new(&state).await.request(&generated);
                let response = answer(generated.route, &state, &request);
                let response = timeout(Duration::from_secs(60), response).await;
                assert_well_answered(response.expect("a response in time")).await;
            });
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}
