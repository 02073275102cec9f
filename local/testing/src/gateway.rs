//! The four function binaries, driven as Lambda and API Gateway drive them.
//!
//! An HTTP request becomes an API Gateway event (payload format 2.0), which the function's process
//! fetches from a Lambda Runtime API; what it posts there becomes the HTTP response.
//! Formats: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{self, DefaultBodyLimit, Request, State};
use axum::response::Response;
use axum::routing::{MethodFilter, get, on, post};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;
use reqwest::Method;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot};
use uuid::Uuid;

use crate::Variables;
use crate::process::Process;

/// A function and the route that leads to it.
pub struct Function {
    pub method: Method,
    pub path: &'static str,
    pub binary: PathBuf,
}

/// How a function is invoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invocations {
    /// With events that have everything, one at a time for each process.
    Plain,
    /// The same, with the stage in the path, and without all that an event may lack.
    Sparse,
    /// Sixteen at once for the one process, as Lambda Managed Instances do.
    Concurrent,
}

/// A gateway in front of running functions.
pub struct Gateway {
    /// Where it listens.
    pub url: String,
    processes: Vec<Process>,
}

impl Gateway {
    /// Starts the functions' processes, and the gateway that leads to them.
    pub async fn start(functions: Vec<Function>, redis_url: &str, variables: Variables) -> Self {
        Self::invoking(Invocations::Plain, functions, redis_url, variables).await
    }

    /// The same, with the functions invoked in some way.
    pub async fn invoking(
        invocations: Invocations,
        functions: Vec<Function>,
        redis_url: &str,
        variables: Variables,
    ) -> Self {
        let log = Stdio::inherit;
        Self::start_logging(invocations, functions, redis_url, variables, log).await
    }

    /// The same, with the functions' standard output going to `log`.
    pub async fn start_logging(
        invocations: Invocations,
        functions: Vec<Function>,
        redis_url: &str,
        variables: Variables,
        log: impl Fn() -> Stdio,
    ) -> Self {
        let mut router = axum::Router::new();
        let mut processes = Vec::new();
        for function in functions {
            let runtime = Arc::new(Runtime::default());
            let runtime_url = serve(runtime_api(runtime.clone())).await;
            let instances = match invocations {
                Invocations::Concurrent => 1,
                _ if function.method == Method::GET => HOLDING_INSTANCES,
                _ => 1,
            };
            for _ in 0..instances {
                let mut command = command(&function.binary, &runtime_url, redis_url, variables);
                if invocations == Invocations::Concurrent {
                    command.env("AWS_LAMBDA_MAX_CONCURRENCY", "16");
                }
                processes.push(Process::start(command.stdout(log()), ""));
            }
            let path = function.path;
            let invoke = move |request: Request| invoke(runtime, invocations, path, request);
            let filter = MethodFilter::try_from(function.method).expect("a plain method");
            router = router.route(function.path, on(filter, invoke));
        }
        Self { url: serve(router).await, processes }
    }
}

impl Gateway {
    /// Sends the functions a signal, by its name without SIG: STOP freezes them as Lambda does
    /// between invocations, CONT thaws them.
    pub fn signal(&self, name: &str) {
        self.processes.iter().for_each(|process| process.signal(name));
    }
}

/// What Lambda starts a function with, its Runtime API being at this address.
fn command(binary: &Path, runtime_url: &str, redis_url: &str, variables: Variables) -> Command {
    let mut command = Command::new(binary);
    command
        .env("AWS_LAMBDA_RUNTIME_API", runtime_url.trim_start_matches("http://"))
        .env("AWS_LAMBDA_FUNCTION_NAME", "function-under-test")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("REDIS_URL", redis_url)
        .env("LOG_LEVEL", "warn")
        .envs(variables.iter().copied());
    command
}

/// Processes of a function whose requests may be held, also for clients that have gone. Like
/// Lambda's, each works at one request at a time.
const HOLDING_INSTANCES: usize = 12;

/// Lambda lets no more through in one piece.
const MAX_RESPONSE_BYTES: usize = 6 * 1024 * 1024;

/// What the gateway and a function's Runtime API share: invocations to be fetched, and those under
/// way, by their request id.
struct Runtime {
    waiting: mpsc::UnboundedSender<(String, Value)>,
    next: AsyncMutex<mpsc::UnboundedReceiver<(String, Value)>>,
    running: Mutex<HashMap<String, oneshot::Sender<Value>>>,
}

impl Default for Runtime {
    fn default() -> Self {
        let (waiting, next) = mpsc::unbounded_channel();
        Self { waiting, next: AsyncMutex::new(next), running: Mutex::default() }
    }
}

async fn serve(router: axum::Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    tokio::spawn(async { axum::serve(listener, router).await });
    url
}

fn runtime_api(runtime: Arc<Runtime>) -> axum::Router {
    let invocation = "/2018-06-01/runtime/invocation";
    axum::Router::new()
        .route(&format!("{invocation}/next"), get(next))
        .route(&format!("{invocation}/{{id}}/response"), post(respond))
        .route(&format!("{invocation}/{{id}}/error"), post(fail))
        .layer(DefaultBodyLimit::max(MAX_RESPONSE_BYTES))
        .with_state(runtime)
}

async fn next(State(runtime): State<Arc<Runtime>>) -> Response {
    let invocation = runtime.next.lock().await.recv().await;
    let (id, event) = invocation.expect("the gateway outlives its functions");
    Response::builder()
        .header("Lambda-Runtime-Aws-Request-Id", id)
        .header("Lambda-Runtime-Deadline-Ms", "9999999999999")
        .header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:1:function:f")
        .header("Lambda-Runtime-Trace-Id", "Root=1-5e1b4151-5ac6c58f5b5daa6532b5a6d5")
        .body(Body::from(event.to_string()))
        .expect("a response")
}

async fn respond(
    State(runtime): State<Arc<Runtime>>,
    extract::Path(id): extract::Path<String>,
    body: Bytes,
) {
    let response = serde_json::from_slice(&body).expect("the function's response is JSON");
    let running = runtime.running.lock().expect("unpoisoned").remove(&id);
    let _ = running.expect("an invocation under way").send(response);
}

async fn fail(
    State(runtime): State<Arc<Runtime>>,
    extract::Path(id): extract::Path<String>,
    body: String,
) {
    eprintln!("the function failed: {body}");
    runtime.running.lock().expect("unpoisoned").remove(&id);
}

/// Hands a request to a function and waits for its response; a failed function shows as 502, as
/// API Gateway shows it.
async fn invoke(
    runtime: Arc<Runtime>,
    invocations: Invocations,
    path: &'static str,
    request: Request,
) -> Response {
    let id = Uuid::new_v4().to_string();
    let (sender, response) = oneshot::channel();
    runtime.running.lock().expect("unpoisoned").insert(id.clone(), sender);
    let mut event = event(path, request).await;
    if invocations == Invocations::Sparse {
        thin_out(&mut event);
    }
    runtime.waiting.send((id, event)).expect("a receiver");
    match response.await {
        Ok(response) => http_response(&response),
        Err(_) => Response::builder().status(502).body(Body::empty()).expect("a response"),
    }
}

/// The event for a request, as API Gateway makes it.
async fn event(path: &str, request: Request) -> Value {
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
fn thin_out(event: &mut Value) {
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

fn http_response(response: &Value) -> Response {
    let status = response["statusCode"].as_u64().expect("a status") as u16;
    let mut answer = Response::builder().status(status);
    for (name, value) in response["headers"].as_object().expect("headers") {
        answer = answer.header(name, value.as_str().expect("a header's text"));
    }
    let body = response["body"].as_str().unwrap_or_default();
    let body = if response["isBase64Encoded"] == true {
        BASE64_STANDARD.decode(body).expect("base64")
    } else {
        body.as_bytes().to_vec()
    };
    answer.body(Body::from(body)).expect("a response")
}
