//! The whole way of a request but the network, for requests that no client of ours would send.
//!
//! A long run is `PROPTEST_CASES=1000000 cargo test --release -p functions --test functions any_request`.

use std::collections::HashMap;
use std::time::Duration;

use functions::dispatch::{REQUEST_ID, dispatch};
use functions::function::Function;
use functions::route::Route;
use functions::service::{Service, Streams};
use futures_util::StreamExt;
use http::header::{CONTENT_TYPE, ETAG, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderName, HeaderValue};
use lambda_http::{Body, Context, Request, RequestExt};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use shared::answer::{self, Answer};
use shared::config::Config;
use shared::store::Store;

/// Stand in what is generated for the ids of the one conversation and the one message there are,
/// and for the cursor at its end.
const CONVERSATION: &str = "<conversation>";
const MESSAGE: &str = "<message>";
const CURSOR: &str = "<cursor>";

const HEADERS: [&str; 7] = [
    "idempotency-key",
    "if-none-match",
    "last-event-id",
    "accept",
    "content-type",
    "content-length",
    "authorization",
];

const LIKELY: [(&str, &str); 5] = [
    ("accept", "text/event-stream"),
    ("idempotency-key", "key"),
    ("if-none-match", CURSOR),
    ("last-event-id", CURSOR),
    ("last-event-id", ""),
];

/// A request as it is generated: whatever API Gateway might hand over, and what it never would.
#[derive(Clone, Debug)]
struct Generated {
    route: Route,
    streams: Streams,
    method: String,
    path: Vec<(String, String)>,
    query: Vec<(String, Vec<String>)>,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    deadline: u64,
}

fn id() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just(CONVERSATION.to_owned()),
        4 => Just(MESSAGE.to_owned()),
        1 => "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}",
        1 => any::<String>(),
    ]
}

fn path() -> impl Strategy<Value = Vec<(String, String)>> {
    let expected = (id(), id()).prop_map(|(conversation, message)| {
        Vec::from([("conversationId".into(), conversation), ("messageId".into(), message)])
    });
    let likely = (Just(CONVERSATION.to_owned()), Just(MESSAGE.to_owned()));
    let likely = likely.prop_map(|(conversation, message)| {
        Vec::from([("conversationId".into(), conversation), ("messageId".into(), message)])
    });
    let name = prop_oneof![Just("conversationId".to_owned()), any::<String>()];
    prop_oneof![3 => likely, 2 => expected, 1 => prop::collection::vec((name, id()), 0..3)]
}

fn query() -> impl Strategy<Value = Vec<(String, Vec<String>)>> {
    let name = prop_oneof![3 => Just("after".to_owned()), 3 => Just("wait".to_owned()), 1 => any::<String>()];
    let value = prop_oneof![
        Just("0".to_owned()),
        Just(CURSOR.to_owned()),
        "[0-9]{1,3}",
        "[+-]?[0-9]{0,30}",
        any::<String>(),
    ];
    prop::collection::vec((name, prop::collection::vec(value, 0..3)), 0..3)
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
    let value = prop_oneof![
        Just("\"agent\"".to_owned()),
        Just("\"2025-04-05T14:01:00Z\"".to_owned()),
        Just("\"\\ud800\"".to_owned()),
        Just("1e999".to_owned()),
        Just("[".repeat(5_000)),
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    let object = [value.clone(), value.clone(), value].prop_map(|[sender, content, timestamp]| {
        format!(r#"{{"sender":{sender},"content":{content},"timestamp":{timestamp}}}"#).into_bytes()
    });
    let message = "[ -~]{1,40}".prop_map(|text| {
        let text = serde_json::to_string(&text).unwrap();
        let timestamp = "2025-04-05T14:01:00Z";
        let body = format!(r#"{{"sender":"agent","content":{text},"timestamp":"{timestamp}"}}"#);
        body.into_bytes()
    });
    prop_oneof![
        message,
        object,
        prop::collection::vec(any::<u8>(), 0..100),
        (17_000_usize..140_000).prop_map(|length| vec![b'{'; length]),
    ]
}

fn any_request() -> impl Strategy<Value = Generated> {
    let streams = select(&[Streams::Open, Streams::Batched][..]);
    let deadline = prop_oneof![Just(0), any::<u64>()];
    let start = (select(&Route::ALL[..]), streams, "[A-Z]{1,10}", deadline);
    (start, path(), query(), headers(), body()).prop_map(
        |((route, streams, method, deadline), path, query, headers, body)| Generated {
            route,
            streams,
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
    async fn new(service: &Service) -> Self {
        let created =
            dispatch(Function::of(Route::CreateConversation), service, Request::new(Body::Empty));
        let conversation = json(created.await)["conversationId"].as_str().unwrap().to_owned();
        let path = HashMap::from([("conversationId".to_owned(), conversation.clone())]);
        let body = r#"{"sender":"agent","content":"x","timestamp":"2025-04-05T14:01:00Z"}"#;
        let mut send = Request::new(Body::Text(body.to_owned()));
        send.headers_mut().insert("idempotency-key", HeaderValue::from_static("key"));
        let sent = dispatch(
            Function::of(Route::SendMessage),
            service,
            send.with_path_parameters(path.clone()),
        );
        let message = json(sent.await)["messageId"].as_str().unwrap().to_owned();
        let read = Request::new(Body::Empty).with_path_parameters(path);
        let read = dispatch(Function::of(Route::GetConversation), service, read).await;
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
        let path = generated.path.iter();
        let path = path.map(|(name, value)| (name.clone(), self.filled_in(value)));
        let query = generated.query.iter().map(|(name, values)| {
            let values = values.iter().map(|value| self.filled_in(value));
            (name.clone(), values.collect::<Vec<_>>())
        });
        let mut context = Context::default();
        context.request_id = "the-request".to_owned();
        context.deadline = generated.deadline;
        let mut request = Request::new(Body::Binary(generated.body.clone()));
        *request.method_mut() = generated.method.parse().unwrap();
        for (name, value) in &generated.headers {
            let value = match value == CURSOR.as_bytes() {
                true if name == "if-none-match" => self.etag.clone().into_bytes(),
                true => self.filled_in(CURSOR).into_bytes(),
                false => value.clone(),
            };
            // What HTTP cannot carry cannot arrive.
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                request.headers_mut().append(name.parse::<HeaderName>().unwrap(), value);
            }
        }
        request
            .with_path_parameters(path.collect::<HashMap<_, _>>())
            .with_query_string_parameters(query.collect::<HashMap<_, _>>())
            .with_lambda_context(context)
    }
}

fn json(answer: Answer) -> Value {
    match answer.into_body() {
        answer::Body::Whole(body) => serde_json::from_slice(&body).expect("JSON"),
        answer::Body::Stream(_) => panic!("a stream"),
    }
}

async fn assert_well_answered(answer: Answer) {
    let status = answer.status().as_u16();
    assert!((200..500).contains(&status), "{status}");
    assert_eq!(answer.headers()[REQUEST_ID], "the-request");
    assert_eq!(answer.headers()[X_CONTENT_TYPE_OPTIONS], "nosniff");
    let is_json = answer.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    match answer.into_body() {
        answer::Body::Stream(pieces) => {
            assert_eq!(status, 200);
            // An open stream goes on until the conversation's end: some of it will do.
            let pieces: Vec<_> = pieces.take(3).collect().await;
            assert!(pieces.iter().all(|piece| piece.ends_with(b"\n\n")), "half an event");
        }
        answer::Body::Whole(body) if status == 304 => assert!(body.is_empty()),
        answer::Body::Whole(body) => {
            assert!(is_json, "{status}");
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
                let service =
                    Service { store: store.clone(), streams: generated.streams, tokens: None };
                let request = Present::new(&service).await.request(&generated);
                let answer = dispatch(Function::of(generated.route), &service, request);
                let answer = tokio::time::timeout(Duration::from_secs(60), answer).await;
                assert_well_answered(answer.expect("an answer in time")).await;
            });
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}
