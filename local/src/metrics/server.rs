//! The listener that is scraped: `GET /metrics` on a port of its own, which need not be reachable
//! from where clients are.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::encoding::prometheus_text;
use tokio::net::TcpListener;

use super::Metrics;
use crate::server::listener::accept;

/// How long a request's head may take, and how long a connection may be idle.
const READ_TIMEOUT: Duration = Duration::from_secs(90);

/// Serves the metrics for as long as the process lives.
pub async fn serve(listener: TcpListener, metrics: Arc<Metrics>) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(READ_TIMEOUT);
    loop {
        let stream = accept(&listener).await;
        let metrics = metrics.clone();
        let service = service_fn(move |request| {
            let response = respond(&metrics, &request);
            async { Ok::<_, Infallible>(response) }
        });
        tokio::spawn(http.serve_connection(TokioIo::new(stream), service));
    }
}

fn respond<T>(metrics: &Metrics, request: &Request<T>) -> Response<Full<Bytes>> {
    if request.uri().path() != "/metrics" {
        return empty(StatusCode::NOT_FOUND);
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return empty(StatusCode::METHOD_NOT_ALLOWED);
    }
    let mut text = String::new();
    // Writing into a string cannot fail.
    let _ = prometheus_text::encode(&mut text, &metrics.registry);
    let mut response = Response::new(Full::from(text));
    let content_type = HeaderValue::from_static(prometheus_text::CONTENT_TYPE);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
