//! Which path leads to which handler.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::{MethodFilter, get, on};
use functions::dispatch::{REQUEST_ID, dispatch, finish};
use functions::route::Route;
use functions::send_message::IDEMPOTENCY_REPLAYED;
use functions::service::Service;
use futures_util::StreamExt;
use http::Method;
use http::header::{ETAG, LOCATION, RETRY_AFTER};
use shared::answer;
use shared::error::Error;
use tower_http::cors::{AllowHeaders, Any, CorsLayer};
use uuid::Uuid;

use crate::event::event;
use crate::playground;

/// How long a browser may remember that it is allowed to ask.
const PREFLIGHT_MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// The four routes, open to pages of every origin, and the playground.
pub fn router(service: Service, read_timeout: Duration) -> Router {
    let router = Route::ALL.into_iter().fold(Router::new(), |router, route| {
        let service = service.clone();
        let handler = move |request: Request| async move {
            answer(route, &service, read_timeout, request).await
        };
        router.route(route.path(), on(method_filter(route), handler))
    });
    router
        .route("/", get(|| async { playground::page().map(into_body) }))
        .fallback(|| async { refusal(&Error::RouteNotFound) })
        .method_not_allowed_fallback(|| async { refusal(&Error::MethodNotAllowed) })
        .layer(cors())
        .layer(map_response(finished))
}

async fn answer(
    route: Route,
    service: &Service,
    read_timeout: Duration,
    request: Request,
) -> Response {
    match event(route, request, read_timeout).await {
        Ok(event) => dispatch(route, service, event).await.map(into_body),
        Err(error) => refusal(&error),
    }
}

/// The answer to what never reaches a handler.
fn refusal(error: &Error) -> Response {
    answer::error(error).map(into_body)
}

/// Sees to it that what no handler answered carries what every answer carries.
async fn finished(mut answer: Response) -> Response {
    if !answer.headers().contains_key(REQUEST_ID) {
        finish(answer.headers_mut(), &Uuid::new_v4().to_string());
    }
    answer
}

fn into_body(body: answer::Body) -> Body {
    match body {
        answer::Body::Whole(bytes) => Body::from(bytes),
        answer::Body::Stream(pieces) => Body::from_stream(pieces.map(Ok::<_, Infallible>)),
    }
}

fn method_filter(route: Route) -> MethodFilter {
    match route {
        Route::CreateConversation | Route::SendMessage => MethodFilter::POST,
        Route::GetConversation => MethodFilter::GET,
        Route::DeleteMessage => MethodFilter::DELETE,
    }
}

fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([ETAG, LOCATION, RETRY_AFTER, IDEMPOTENCY_REPLAYED, REQUEST_ID])
        .max_age(PREFLIGHT_MAX_AGE)
}
