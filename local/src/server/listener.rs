//! Accepts connections.

use std::io;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

/// The pause after the process or the system has run out of descriptors or memory.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(100);

/// The most bytes that the system takes of a response before it can send them.
#[cfg(target_os = "linux")]
const MAX_UNSENT_BYTES: u32 = 128 * 1024;

/// Lets the sockets of a listener take little more of a response than the client reads.
///
/// Else Linux takes up to 4 MB (tcp(7), `tcp_wmem`) and then nothing before a third of it has been
/// read: a client on a slow line would seem to read nothing for a minute.
pub fn limit_unsent(listener: &TcpListener) {
    #[cfg(target_os = "linux")]
    if let Err(error) = socket2::SockRef::from(listener).set_tcp_notsent_lowat(MAX_UNSENT_BYTES) {
        tracing::warn!(%error, "cannot limit what the system takes of a response");
    }
    // Elsewhere its buffers are small, or the limit cannot be set.
    #[cfg(not(target_os = "linux"))]
    let _ = listener;
}

/// Accepts the next connection. Those that break before they are accepted are passed over.
pub async fn accept(listener: &TcpListener) -> TcpStream {
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
