//! The four function binaries, driven as Lambda and API Gateway drive them.
//!
//! An HTTP request becomes an [`event`], which the function's process fetches from a
//! [Runtime API](crate::runtime_api); what it posts there becomes the HTTP response.

mod event;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::Method;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::process::Process;
use crate::runtime_api::RuntimeApi;
pub use event::event;
use event::thin_out;

/// A function and the routes that lead to it.
pub struct Function {
    pub binary: PathBuf,
    pub routes: Vec<(Method, &'static str)>,
}

impl Function {
    fn holds_requests(&self) -> bool {
        self.routes.iter().any(|(method, _)| *method == Method::GET)
    }
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
    pub async fn start(
        functions: Vec<Function>,
        redis_url: &str,
        variables: &[(&str, &str)],
    ) -> Self {
        Self::invoking(Invocations::Plain, functions, redis_url, variables).await
    }

    /// The same, with the functions invoked in some way.
    pub async fn invoking(
        invocations: Invocations,
        functions: Vec<Function>,
        redis_url: &str,
        variables: &[(&str, &str)],
    ) -> Self {
        let log = Stdio::inherit;
        Self::start_logging(invocations, functions, redis_url, variables, log).await
    }

    /// The same, with the functions' standard output going to `log`.
    pub async fn start_logging(
        invocations: Invocations,
        functions: Vec<Function>,
        redis_url: &str,
        variables: &[(&str, &str)],
        log: impl Fn() -> Stdio,
    ) -> Self {
        let mut router = axum::Router::new();
        let mut processes = Vec::new();
        for function in functions {
            let runtime = RuntimeApi::start().await;
            let instances = match invocations {
                Invocations::Concurrent => 1,
                _ if function.holds_requests() => HOLDING_INSTANCES,
                _ => 1,
            };
            for _ in 0..instances {
                let mut command = command(&function.binary, &runtime, redis_url, variables);
                if invocations == Invocations::Concurrent {
                    command.env("AWS_LAMBDA_MAX_CONCURRENCY", "16");
                }
                processes.push(Process::start(command.stdout(log()), ""));
            }
            for (method, path) in function.routes {
                let runtime = runtime.clone();
                let invoke = move |request: Request| invoke(runtime, invocations, path, request);
                let filter = MethodFilter::try_from(method).expect("a plain method");
                router = router.route(path, on(filter, invoke));
            }
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

/// What Lambda starts a function with.
pub fn command(
    binary: &Path,
    runtime: &RuntimeApi,
    redis_url: &str,
    variables: &[(&str, &str)],
) -> Command {
    let mut command = Command::new(binary);
    command
        .env("AWS_LAMBDA_RUNTIME_API", &runtime.address)
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

async fn serve(router: axum::Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    tokio::spawn(async { axum::serve(listener, router).await });
    url
}

/// Hands a request to a function and waits for its response; a failed function shows as 502, as
/// API Gateway shows it.
async fn invoke(
    runtime: RuntimeApi,
    invocations: Invocations,
    path: &'static str,
    request: Request,
) -> Response {
    let mut event = event(path, request).await;
    if invocations == Invocations::Sparse {
        thin_out(&mut event);
    }
    match runtime.invoke(event).await {
        Some(response) => http_response(&response),
        None => Response::builder().status(502).body(Body::empty()).expect("a response"),
    }
}

fn http_response(response: &Value) -> Response {
    let status = response["statusCode"].as_u64().expect("a status") as u16;
    // As the template's API answers pages, here those of every origin.
    let mut answer = Response::builder().status(status).header("access-control-allow-origin", "*");
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
