//! The committed events are those that API Gateway sends.

use std::path::Path;

use functions::dispatch::dispatch;
use functions::function::Function;
use functions::route::Route;
use functions::service::{Service, Streams};
use serde_json::Value;
use shared::answer::Body;
use shared::config::Config;
use shared::store::Store;

#[tokio::test]
async fn each_function_understands_its_event() {
    let config = Config::from_variables(|_| None).unwrap();
    let store = Store::open(&config).await;
    let service = Service { store, streams: Streams::Batched, tokens: None };
    for route in Route::ALL {
        let path = format!("events/{}.json", route.name());
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let event = std::fs::read_to_string(path).unwrap();
        let route_key = serde_json::from_str::<Value>(&event).unwrap()["routeKey"].clone();
        assert_eq!(route_key, format!("{} {}", route.method(), route.path()));

        let request = lambda_http::request::from_str(&event).unwrap();
        let answer = dispatch(Function::of(route), &service, request).await;
        let status = answer.status().as_u16();
        let Body::Whole(body) = answer.into_body() else { panic!("a stream") };
        let body: Value = serde_json::from_slice(&body).unwrap();
        // All but the first are about a conversation that is nowhere: that is all they lack.
        match route {
            Route::CreateConversation => assert_eq!(status, 201, "{body}"),
            _ => assert_eq!(body["code"], "conversation_not_found"),
        }
    }
}
