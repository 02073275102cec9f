//! Serves connections: none can keep the router waiting, and none is cut off when it stops.
//!
//! The router uses hyper itself: axum with tower-http takes two and a half times the instructions for
//! a read, and there are few routes.
//!
//! - [`listener`]: accepts connections; [`connections`]: counts and bounds them; [`descriptors`]: how many
//!   the process may have.
//! - [`socket`]: holds a client to the time limits, with a [`deadline`] and with what the service tells of
//!   its [`exchange`]s. [`limits`]: all limits of serving.
//! - [`signals`]: what ends serving.

pub mod connections;
mod deadline;
pub mod descriptors;
pub mod exchange;
pub mod limits;
pub mod listener;
pub mod signals;
mod socket;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryFutureExt;
use http::Request;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use crate::router::Router;
use crate::server::connections::{Connections, Place};
use crate::server::exchange::{Exchanges, ResponseBody};
use crate::server::listener::{accept, limit_unsent};
use crate::server::signals::Signals;
use crate::server::socket::Socket;

/// What serves connections.
pub struct Server {
    pub router: Router,
    pub shutdown_timeout: Duration,
    pub connections: Arc<Connections>,
}

impl Server {
    /// Serves until a signal comes; then accepts no more connections, calls `on_stop`, and ends with
    /// the last request, after the shutdown timeout, or at a second signal.
    pub async fn serve(self, listener: TcpListener, mut signals: Signals, on_stop: impl FnOnce()) {
        let Self { router, shutdown_timeout, connections } = self;
        let router = Arc::new(router);
        let graceful = GracefulShutdown::new();
        limit_unsent(&listener);
        loop {
            let stream = tokio::select! {
                stream = accept(&listener) => stream,
                () = signals.next() => break,
            };
            let Some(place) = connections.enter() else { continue };
            serve_connection(stream, place, router.clone(), &graceful);
        }
        drop(listener);
        on_stop();
        // A client that does not read would otherwise keep the process for as long as it may stall.
        tokio::select! {
            () = graceful.shutdown() => {}
            () = sleep(shutdown_timeout) => tracing::warn!("requests were cut off"),
            () = signals.next() => tracing::warn!("requests were cut off by a second signal"),
        }
    }
}

fn serve_connection(
    stream: TcpStream,
    place: Place,
    router: Arc<Router>,
    graceful: &GracefulShutdown,
) {
    // A response is written whole: waiting to fill a packet would only delay it.
    let _ = stream.set_nodelay(true);
    let exchanges = Arc::new(Exchanges::new(place));
    let socket = Socket::new(stream, exchanges.clone());
    let service = service_fn(move |request: Request<Incoming>| {
        let exchange = exchanges.begin(!request.body().is_end_stream());
        let router = router.clone();
        // In a box, which is dropped when the response begins: a stream may take hours to end.
        Box::pin(async move {
            let response = if exchange.is_refused() {
                Router::refuse(request).await
            } else {
                router.respond(request, &exchange).await
            };
            Ok::<_, Infallible>(response.map(|body| ResponseBody::new(body, exchange)))
        })
    });
    let http = http1::Builder::new();
    let connection = graceful.watch(http.serve_connection(TokioIo::new(socket), service));
    // An async block that awaits the connection would keep room for it twice.
    tokio::spawn(connection.inspect_err(|error| {
        tracing::debug!(%error, "a connection broke");
    }));
}
