//! A connection on which a test says exactly the bytes that it wants, which no HTTP client would.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// One connection to a server.
pub struct Connection(TcpStream);

impl Connection {
    /// Connects to a URL like `http://127.0.0.1:3000`.
    pub async fn open(url: &str) -> Self {
        let address = url.trim_start_matches("http://");
        Self(TcpStream::connect(address).await.expect("a connection"))
    }

    /// Says something; `false` where the server no longer listens.
    pub async fn say(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).await.is_ok()
    }

    /// Tells the server that nothing more will come.
    pub async fn finish(&mut self) {
        let _ = self.0.shutdown().await;
    }

    /// What the server says until `end` holds of it or it closes, and whether it did so in time.
    pub async fn hear(&mut self, end: impl Fn(&[u8]) -> bool, limit: Duration) -> (Vec<u8>, bool) {
        let mut heard = Vec::new();
        let hearing = async {
            let mut part = [0; 4096];
            while !end(&heard) {
                match self.0.read(&mut part).await {
                    // A reset is how a server closes that has not read everything.
                    Ok(0) | Err(_) => return,
                    Ok(length) => heard.extend_from_slice(&part[..length]),
                }
            }
        };
        let in_time = timeout(limit, hearing).await.is_ok();
        (heard, in_time)
    }

    /// What the server says until it closes the connection, which it must within the limit.
    pub async fn hear_to_the_end(&mut self, limit: Duration) -> String {
        let (heard, in_time) = self.hear(|_| false, limit).await;
        let heard = String::from_utf8_lossy(&heard).into_owned();
        assert!(in_time, "still open after {limit:?}: {heard}");
        heard
    }
}
