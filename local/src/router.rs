//! Which path leads to which handler.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use functions::dispatch::{REQUEST_ID, dispatch, finish, refuse};
use functions::route::Route;
use functions::send_message::IDEMPOTENCY_REPLAYED;
use http::Method;
use http::header::{ETAG, LOCATION, RETRY_AFTER};
use shared::error::Error;
use shared::store::Store;
use tower_http::cors::{AllowHeaders, Any, CorsLayer};
use uuid::Uuid;

use crate::event::event;

/// How long a browser may remember that it is allowed to ask.
const PREFLIGHT_MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// The four routes over a store, open to pages of every origin.
pub fn router(store: Store) -> Router {
    let router = Route::ALL.into_iter().fold(Router::new(), |router, route| {
        let store = store.clone();
        let handler = move |request: Request| async move { answer(route, &store, request).await };
        router.route(route.path(), on(method_filter(route), handler))
    });
    router
        .fallback(|| async { refusal(&Error::RouteNotFound) })
        .method_not_allowed_fallback(|| async { refusal(&Error::MethodNotAllowed) })
        .layer(cors())
}

async fn answer(route: Route, store: &Store, request: Request) -> Response {
    match event(route, request).await {
        Ok(event) => dispatch(route, store, event).await.map(Body::from),
        Err(error) => refusal(&error),
    }
}

/// The answer to what never reaches a handler.
fn refusal(error: &Error) -> Response {
    let request_id = Uuid::new_v4().to_string();
    let mut answer = refuse(error, &request_id);
    finish(&mut answer, &request_id);
    answer.map(Body::from)
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
