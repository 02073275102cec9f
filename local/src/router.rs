//! Which path leads to which handler.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{MethodFilter, get, on};
use functions::dispatch::{REQUEST_ID, dispatch, finish, refuse};
use functions::route::Route;
use functions::send_message::IDEMPOTENCY_REPLAYED;
use functions::service::Service;
use futures_util::StreamExt;
use http::Method;
use http::header::{ETAG, LOCATION, RETRY_AFTER};
use shared::answer::{self, Answer};
use shared::error::Error;
use tower_http::cors::{AllowHeaders, Any, CorsLayer};
use uuid::Uuid;

use crate::event::event;
use crate::playground;

/// How long a browser may remember that it is allowed to ask.
const PREFLIGHT_MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// The four routes, open to pages of every origin, and the playground.
pub fn router(service: Service) -> Router {
    let router = Route::ALL.into_iter().fold(Router::new(), |router, route| {
        let service = service.clone();
        let handler = move |request: Request| async move { answer(route, &service, request).await };
        router.route(route.path(), on(method_filter(route), handler))
    });
    router
        .route("/", get(|| async { finished(playground::page(), &new_request_id()) }))
        .fallback(|| async { refusal(&Error::RouteNotFound) })
        .method_not_allowed_fallback(|| async { refusal(&Error::MethodNotAllowed) })
        .layer(cors())
}

async fn answer(route: Route, service: &Service, request: Request) -> Response {
    match event(route, request).await {
        Ok(event) => dispatch(route, service, event).await.map(into_body),
        Err(error) => refusal(&error),
    }
}

/// The answer to what never reaches a handler.
fn refusal(error: &Error) -> Response {
    let request_id = new_request_id();
    finished(refuse(error, &request_id), &request_id)
}

fn new_request_id() -> String {
    Uuid::new_v4().to_string()
}

fn finished(mut answer: Answer, request_id: &str) -> Response {
    finish(&mut answer, request_id);
    answer.map(into_body)
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
