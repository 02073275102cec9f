//! An HTTP request as API Gateway hands it to a function
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>).

use axum::body::to_bytes;
use axum::extract::Request;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

/// The event for a request to a route, in payload format 2.0.
pub async fn event(path: &str, request: Request) -> Value {
    let (parts, body) = request.into_parts();
    let segments = path.split('/').zip(parts.uri.path().split('/'));
    let path_parameters = segments.filter_map(|(template, segment)| {
        let name = template.strip_prefix('{')?.strip_suffix('}')?;
        Some((name.to_owned(), percent_decode_str(segment).decode_utf8_lossy().into()))
    });
    let path_parameters: Map<String, Value> = path_parameters.collect();
    let mut headers = Map::new();
    for name in parts.headers.keys() {
        let values = parts.headers.get_all(name).iter();
        let values: Vec<_> =
            values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        headers.insert(name.to_string(), values.join(",").into());
    }
    let body = to_bytes(body, 10 * 1024 * 1024).await.expect("at most API Gateway's 10 MB");
    let content_type = parts.headers.get("content-type").and_then(|value| value.to_str().ok());
    let text = content_type.is_some_and(|kind| kind.starts_with("text/") || kind.contains("json"));
    let (body, is_base64) = match std::str::from_utf8(&body) {
        Ok(body) if text => (body.to_owned(), false),
        _ => (BASE64_STANDARD.encode(&body), true),
    };
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": parts.uri.path(),
        "rawQueryString": parts.uri.query().unwrap_or_default(),
        "headers": headers,
        "pathParameters": path_parameters,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api-id",
            "domainName": "api-id.execute-api.eu-west-1.amazonaws.com",
            "domainPrefix": "api-id",
            "http": {
                "method": parts.method.as_str(),
                "path": parts.uri.path(),
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "agent",
            },
            "requestId": "gateway-request-id",
            "routeKey": "$default",
            "stage": "$default",
            "time": "12/Mar/2025:19:03:58 +0000",
            "timeEpoch": 1_741_806_238_000_u64,
        },
        "isBase64Encoded": is_base64,
    });
    if !body.is_empty() {
        event["body"] = body.into();
    }
    event
}

/// Puts the stage into the path, and leaves out all that API Gateway may leave out.
pub(super) fn thin_out(event: &mut Value) {
    let path = format!("/prod{}", event["rawPath"].as_str().expect("a path"));
    event["rawPath"] = path.as_str().into();
    event["requestContext"]["http"]["path"] = path.into();
    let context = event["requestContext"].as_object_mut().expect("a context");
    context["stage"] = "prod".into();
    for name in ["accountId", "domainPrefix", "time", "timeEpoch", "requestId"] {
        context.remove(name);
    }
    let http = context["http"].as_object_mut().expect("what HTTP says");
    for name in ["protocol", "sourceIp", "userAgent"] {
        http.remove(name);
    }
    let event = event.as_object_mut().expect("an event");
    for name in ["pathParameters", "headers"] {
        if event[name].as_object().is_some_and(Map::is_empty) {
            event.remove(name);
        }
    }
    if event["rawQueryString"] == "" {
        event.remove("rawQueryString");
    }
    event.remove("routeKey");
}
