//! The adapter for Lambda: runs endpoints as a function.

use std::future::ready;
use std::pin::Pin;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use futures_util::StreamExt;
use lambda_http::request::RequestContext;
use lambda_http::{Body, Context, Error, IntoResponse, RequestExt, run_concurrent, service_fn};
use serde_json::json;
use shared::config::Config;
use shared::logging::{self, Format};
use shared::store::Store;
use shared::store::queue::Queue;
use tokio::time::Instant;
use tracing::level_filters::LevelFilter;

use crate::endpoint::Endpoint;
use crate::function::Function;
use crate::http::body;
use crate::http::request::{PathParameters, Request};
use crate::http::response::Response;
use crate::middleware::respond;
use crate::state::{AppState, StreamMode};

/// Runs a function until Lambda ends the process.
///
/// A request for none of the endpoints goes to the first. A wrong configuration ends the process
/// before the first request, with one line that names the variable.
#[tokio::main(flavor = "current_thread")]
pub async fn run(function: Function, endpoints: &'static [Endpoint]) -> ExitCode {
    match serve(endpoints).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", function.name());
            ExitCode::FAILURE
        }
    }
}

async fn serve(endpoints: &'static [Endpoint]) -> Result<(), Error> {
    logging::start(Format::Json, std::io::stdout, LevelFilter::INFO)?;
    let config = Config::from_env()?;
    config.require_redis()?;
    let store = Store::open(&config).await;
    let state = AppState {
        queue: config.queue.then(|| Queue::new(store.clone())),
        store,
        stream_mode: StreamMode::LongPoll { hold: config.follow_hold, retry: config.follow_retry },
        tokens: config.tokens,
        open_creation: config.open_creation,
    };
    run_concurrent(service_fn(move |event: lambda_http::Request| {
        let state = state.clone();
        async move {
            let source = Source::of(&event);
            let path = event.raw_http_path();
            let endpoint = endpoints.iter().find(|endpoint| endpoint.route.is_end_of(path));
            let endpoint = endpoint.or(endpoints.first());
            let request = request(event);
            let handling = async {
                match (source, endpoint) {
                    (Source::HttpApi, Some(endpoint)) => endpoint.handle(&state, &request).await,
                    _ => Err(shared::error::Error::UnsupportedEvent),
                }
            };
            let route = endpoint.map(|endpoint| endpoint.route);
            let response = respond(&request.id, route, &request.headers, handling).await;
            Ok::<_, Error>(buffer(response, source).await)
        }
    }))
    .await
}

/// What sent an event.
#[derive(Clone, Copy)]
enum Source {
    HttpApi,
    /// Its events have the format of an HTTP API's, without the parameters in the path.
    FunctionUrl,
    /// A REST API, a load balancer, or anything else.
    Other,
}

impl Source {
    fn of(event: &lambda_http::Request) -> Self {
        match event.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => match &context.domain_name {
                Some(domain) if domain.contains(".lambda-url.") => Self::FunctionUrl,
                _ => Self::HttpApi,
            },
            _ => Self::Other,
        }
    }
}

/// Makes a request of an event.
fn request(event: lambda_http::Request) -> Request {
    let path = event.path_parameters();
    let query = event.query_string_parameters();
    let context = event.lambda_context_ref();
    let id = context.map(|context| context.request_id.clone()).unwrap_or_default();
    let deadline = context.map(deadline);
    let (parts, body) = event.into_parts();
    Request {
        id,
        method: parts.method,
        path: PathParameters {
            conversation_id: path.first("conversationId").map(str::to_owned),
            message_id: path.first("messageId").map(str::to_owned),
        },
        query: query.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        headers: parts.headers,
        body: body.to_vec().into(),
        deadline,
    }
}

/// Returns when Lambda ends the invocation.
fn deadline(context: &Context) -> Instant {
    let end = SystemTime::UNIX_EPOCH + Duration::from_millis(context.deadline);
    Instant::now() + end.duration_since(SystemTime::now()).unwrap_or_default()
}

/// Text travels as a JSON string, in which escaping may double it; Lambda takes 6 MB at most
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>). Beyond this many
/// bytes a body travels as base64, which adds a third, and API Gateway undoes it.
const MAX_TEXT_BYTES: usize = 2 * 1024 * 1024;

/// Gathers a response, because an HTTP API takes it in one piece.
async fn buffer(response: Response, source: Source) -> BufferedResponse {
    let (parts, body) = response.into_parts();
    let bytes: Vec<u8> = match body {
        body::Body::Whole(bytes) => bytes.into(),
        body::Body::Stream(stream) => stream.collect::<Vec<_>>().await.concat(),
    };
    let body = if bytes.len() > MAX_TEXT_BYTES {
        Body::Binary(bytes)
    } else {
        match String::from_utf8(bytes) {
            Ok(text) => Body::Text(text),
            Err(not_text) => Body::Binary(not_text.into_bytes()),
        }
    };
    let body = match (source, body) {
        // In the format that REST APIs and load balancers expect.
        (Source::Other, Body::Text(text)) => {
            let headers = json!({"content-type": "application/json"});
            let response =
                json!({"statusCode": parts.status.as_u16(), "headers": headers, "body": text});
            Body::Text(response.to_string())
        }
        (_, body) => body,
    };
    BufferedResponse(http::Response::from_parts(parts, body))
}

/// Keeps lambda_http from guessing from the content type whether the body is text.
struct BufferedResponse(http::Response<Body>);

impl IntoResponse for BufferedResponse {
    fn into_response(self) -> Pin<Box<dyn Future<Output = http::Response<Body>> + Send>> {
        Box::pin(ready(self.0))
    }
}
