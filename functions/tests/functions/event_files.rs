//! The committed events are those that API Gateway sends.

use std::path::Path;

use functions::function::Function;
use serde_json::{Value, json};
use testing::gateway::command;
use testing::process::Process;
use testing::redis::RedisServer;
use testing::runtime_api::RuntimeApi;

use crate::binaries::binary;

#[tokio::test(flavor = "multi_thread")]
async fn each_function_understands_its_event() {
    let redis = RedisServer::start();
    for function in Function::ALL {
        let path = format!("events/{}.json", function.name());
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let event: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let mut keys =
            function.routes().map(|route| format!("{} {}", route.method(), route.path()));
        assert!(keys.any(|key| event["routeKey"] == *key), "{event}");

        let runtime = RuntimeApi::start().await;
        let mut command = command(Path::new(binary(function)), &runtime, &redis.url(), &[]);
        let _function = Process::start(&mut command, "");
        let response = runtime.invoke(event).await.expect("a response");
        let body: Value = serde_json::from_str(response["body"].as_str().unwrap()).unwrap();
        // All but the first are about a conversation that is nowhere: that is all they lack.
        match function {
            Function::CreateConversation => assert_eq!(response["statusCode"], 201, "{body}"),
            _ => assert_eq!(body["code"], "conversation_not_found"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_anything_else_is_refused_with_a_sentence_that_says_so() {
    let redis = RedisServer::start();
    let runtime = RuntimeApi::start().await;
    let mut command =
        command(Path::new(binary(Function::GetConversation)), &runtime, &redis.url(), &[]);
    let _function = Process::start(&mut command, "");
    let path = "/api/conversations/00000000-0000-4000-8000-000000000000";
    // As AWS's documents show them:
    // <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html>,
    // <https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html>,
    // <https://docs.aws.amazon.com/lambda/latest/dg/services-alb.html>.
    let function_url = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "",
        "headers": {"accept": "*/*"}, "isBase64Encoded": false,
        "requestContext": {
            "accountId": "anonymous", "apiId": "x", "domainName": "x.lambda-url.eu-west-1.on.aws",
            "domainPrefix": "x", "routeKey": "$default", "stage": "$default", "requestId": "id",
            "http": {"method": "GET", "path": path, "protocol": "HTTP/1.1",
                     "sourceIp": "1.2.3.4", "userAgent": "curl"},
            "time": "12/Mar/2020:19:03:58 +0000", "timeEpoch": 1583348638390_u64,
        },
    });
    let rest_api = json!({
        "resource": "/api/conversations/{conversationId}", "path": path, "httpMethod": "GET",
        "headers": {"Accept": "*/*"}, "multiValueHeaders": {"Accept": ["*/*"]},
        "queryStringParameters": null, "multiValueQueryStringParameters": null,
        "pathParameters": {"conversationId": "00000000-0000-4000-8000-000000000000"},
        "stageVariables": null, "body": null, "isBase64Encoded": false,
        "requestContext": {
            "accountId": "1", "apiId": "x", "httpMethod": "GET", "path": path, "stage": "prod",
            "protocol": "HTTP/1.1", "requestId": "id", "resourceId": "r",
            "resourcePath": "/api/conversations/{conversationId}",
            "identity": {"sourceIp": "1.2.3.4", "userAgent": "curl"},
        },
    });
    let load_balancer = json!({
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/x/1"}},
        "httpMethod": "GET", "path": path, "queryStringParameters": {},
        "headers": {"accept": "*/*"}, "body": "", "isBase64Encoded": false,
    });
    for event in [function_url, rest_api, load_balancer, json!({"anything": "else"})] {
        let response = runtime.invoke(event.clone()).await.expect("a response");
        assert_eq!(response["statusCode"], 404, "{event}");
        assert_eq!(response["headers"]["content-type"], "application/json");
        let body: Value = serde_json::from_str(response["body"].as_str().unwrap()).unwrap();
        assert_eq!(body["code"], "route_not_found", "{event}");
        assert!(body["error"].as_str().unwrap().contains("HTTP API"), "{body}");
    }
}
