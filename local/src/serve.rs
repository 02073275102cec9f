//! Serving connections: none may keep the router waiting, nor be cut off when it stops.

use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

/// Serves until `stop` ends; then takes no more connections, and ends with the last request.
///
/// A connection on which no whole head of a request comes within `read_timeout`, be it the first
/// or the next, is closed: else a client that says nothing would hold it for good. Reading a body
/// has a limit of its own, in [`crate::event`].
pub async fn serve(
    mut listener: TcpListener,
    router: Router,
    read_timeout: Duration,
    stop: impl Future<Output = ()>,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(read_timeout);
    let service = TowerToHyperService::new(router);
    let connections = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        // axum's way of accepting, which rests where the process has run out of descriptors.
        let (stream, _) = tokio::select! {
            accepted = Listener::accept(&mut listener) => accepted,
            () = &mut stop => break,
        };
        // An answer is written whole: waiting to fill a packet would only delay it.
        let _ = stream.set_nodelay(true);
        let connection = http.serve_connection(TokioIo::new(stream), service.clone());
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke");
            }
        });
    }
    drop(listener);
    connections.shutdown().await;
}
