//! How Lambda runs a route.

use std::future::ready;
use std::process::ExitCode;

use lambda_http::{Body, Error, IntoResponse, Request, Response, run_concurrent, service_fn};
use shared::answer::Answer;
use shared::config::Config;
use shared::logging::{self, Format};
use shared::store::Store;
use tracing::level_filters::LevelFilter;

use crate::dispatch::dispatch;
use crate::route::Route;

/// Runs the function that answers a route until Lambda ends the process.
///
/// A configuration that makes no sense ends it before the first request, with one line that names
/// the variable.
#[tokio::main(flavor = "current_thread")]
pub async fn run(route: Route) -> ExitCode {
    match serve(route).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", route.name());
            ExitCode::FAILURE
        }
    }
}

async fn serve(route: Route) -> Result<(), Error> {
    logging::start(Format::Json, LevelFilter::INFO)?;
    let config = Config::from_env()?;
    config.require_redis()?;
    let store = Store::open(&config).await?;
    run_concurrent(service_fn(move |request: Request| {
        let store = store.clone();
        async move { Ok::<_, Error>(LambdaAnswer(dispatch(route, &store, request).await)) }
    }))
    .await
}

/// An answer on its way to API Gateway.
struct LambdaAnswer(Answer);

/// Text travels as a JSON string, in which escaping may double it; Lambda takes 6 MB at most
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>). Beyond this many
/// bytes a body travels as base64, which adds a third, and API Gateway undoes it.
const MAX_TEXT_BYTES: usize = 2 * 1024 * 1024;

impl IntoResponse for LambdaAnswer {
    fn into_response(self) -> std::pin::Pin<Box<dyn Future<Output = Response<Body>> + Send>> {
        Box::pin(ready(self.0.map(|bytes| {
            let bytes = Vec::from(bytes);
            if bytes.len() > MAX_TEXT_BYTES {
                return Body::Binary(bytes);
            }
            match String::from_utf8(bytes) {
                Ok(text) => Body::Text(text),
                Err(not_text) => Body::Binary(not_text.into_bytes()),
            }
        })))
    }
}
