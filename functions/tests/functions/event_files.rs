//! The committed events are those that API Gateway sends.

use std::path::Path;

use functions::route::Route;
use serde_json::Value;
use testing::gateway::command;
use testing::process::Process;
use testing::redis::RedisServer;
use testing::runtime_api::RuntimeApi;

use crate::binaries::binary;

#[tokio::test(flavor = "multi_thread")]
async fn each_function_understands_its_event() {
    let redis = RedisServer::start();
    for route in Route::ALL {
        let path = format!("events/{}.json", route.name());
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let event: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert_eq!(event["routeKey"], format!("{} {}", route.method(), route.path()));

        let runtime = RuntimeApi::start().await;
        let mut command = command(Path::new(binary(route)), &runtime, &redis.url(), &[]);
        let _function = Process::start(&mut command, "");
        let response = runtime.invoke(event).await.expect("a response");
        let body: Value = serde_json::from_str(response["body"].as_str().unwrap()).unwrap();
        // All but the first are about a conversation that is nowhere: that is all they lack.
        match route {
            Route::CreateConversation => assert_eq!(response["statusCode"], 201, "{body}"),
            _ => assert_eq!(body["code"], "conversation_not_found"),
        }
    }
}
