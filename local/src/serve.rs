//! Serves connections: none can keep the router waiting, and none is cut off when it stops.
//!
//! The router uses hyper itself: axum with tower-http takes two and a half times the instructions for
//! a read, and there are few routes.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt, TryFutureExt};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use crate::router::Router;
use crate::signals::Signals;

/// The pause after the process or the system has run out of descriptors or memory.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(100);

/// The time limits of serving.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long a client may take for a request's head, and as long again for its body.
    pub read_timeout: Duration,
    /// How long the requests under way may take to end after a signal.
    pub shutdown_timeout: Duration,
}

/// Serves until a signal comes; then accepts no more connections, calls `on_stop`, and ends with the
/// last request, after the shutdown timeout, or at a second signal.
///
/// A connection on which no whole head of a request comes within the read timeout, be it the first
/// or the next, is closed: else a client that says nothing would hold it for good. Reading a body
/// has a limit of its own, in [`crate::request`].
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    mut signals: Signals,
    on_stop: impl FnOnce(),
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.read_timeout);
    let router = Arc::new(router);
    let connections = GracefulShutdown::new();
    loop {
        let stream = tokio::select! {
            stream = accept(&listener) => stream,
            () = signals.next() => break,
        };
        // A response is written whole: waiting to fill a packet would only delay it.
        let _ = stream.set_nodelay(true);
        let router = router.clone();
        let open = router.connection_opened();
        let service = service_fn(move |request| {
            let router = router.clone();
            // In a box, which is dropped when the response begins: a stream may take hours to end.
            Box::pin(async move { Ok::<_, Infallible>(router.respond(request).await) })
        });
        let connection = connections.watch(http.serve_connection(TokioIo::new(stream), service));
        // An async block that awaits the connection would keep room for it twice.
        let connection = connection.inspect_err(|error| {
            tracing::debug!(%error, "a connection broke");
        });
        tokio::spawn(connection.map(move |_| drop(open)));
    }
    drop(listener);
    on_stop();
    // A client that does not read would otherwise keep the process for good.
    tokio::select! {
        () = connections.shutdown() => {}
        () = sleep(limits.shutdown_timeout) => tracing::warn!("requests were cut off"),
        () = signals.next() => tracing::warn!("requests were cut off by a second signal"),
    }
}

/// Accepts the next connection. Those that break before they are accepted are passed over.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) if is_of_the_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept a connection");
                sleep(ACCEPT_BACKOFF).await;
            }
        }
    }
}

fn is_of_the_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
