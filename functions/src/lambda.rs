//! How Lambda runs a function.

use std::future::ready;
use std::pin::Pin;
use std::process::ExitCode;

use futures_util::StreamExt;
use lambda_http::{Body, Error, IntoResponse, Request, Response, run_concurrent, service_fn};
use shared::answer::{self, Answer};
use shared::config::Config;
use shared::logging::{self, Format};
use shared::store::Store;
use tracing::level_filters::LevelFilter;

use crate::dispatch::dispatch;
use crate::function::Function;
use crate::service::{Service, Streams};

/// Runs a function until Lambda ends the process.
///
/// A configuration that makes no sense ends it before the first request, with one line that names
/// the variable.
#[tokio::main(flavor = "current_thread")]
pub async fn run(function: Function) -> ExitCode {
    match serve(function).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", function.route.name());
            ExitCode::FAILURE
        }
    }
}

async fn serve(function: Function) -> Result<(), Error> {
    logging::start(Format::Json, LevelFilter::INFO)?;
    let config = Config::from_env()?;
    config.require_redis()?;
    let service = Service {
        store: Store::open(&config).await,
        streams: Streams::Batched,
        tokens: config.tokens,
    };
    run_concurrent(service_fn(move |request: Request| {
        let service = service.clone();
        async move { Ok::<_, Error>(buffered(dispatch(function, &service, request).await).await) }
    }))
    .await
}

/// Text travels as a JSON string, in which escaping may double it; Lambda takes 6 MB at most
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>). Beyond this many
/// bytes a body travels as base64, which adds a third, and API Gateway undoes it.
const MAX_TEXT_BYTES: usize = 2 * 1024 * 1024;

/// An answer as API Gateway takes it: in one piece.
async fn buffered(answer: Answer) -> Buffered {
    let (parts, body) = answer.into_parts();
    let bytes: Vec<u8> = match body {
        answer::Body::Whole(bytes) => bytes.into(),
        answer::Body::Stream(pieces) => pieces.collect::<Vec<_>>().await.concat(),
    };
    let body = if bytes.len() > MAX_TEXT_BYTES {
        Body::Binary(bytes)
    } else {
        match String::from_utf8(bytes) {
            Ok(text) => Body::Text(text),
            Err(not_text) => Body::Binary(not_text.into_bytes()),
        }
    };
    Buffered(Response::from_parts(parts, body))
}

/// Keeps lambda_http from guessing from the content type whether the body is text.
struct Buffered(Response<Body>);

impl IntoResponse for Buffered {
    fn into_response(self) -> Pin<Box<dyn Future<Output = Response<Body>> + Send>> {
        Box::pin(ready(self.0))
    }
}
