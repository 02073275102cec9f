//! A server that replies to Redis's clients with whatever bytes a test wants.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The fake, on a port of its own for as long as the test's runtime runs.
pub struct FakeRedis(SocketAddr);

/// Returns the bytes of the reply to a command, which is given as its words. No bytes are silence.
type Reply = dyn Fn(&[String]) -> String + Send + Sync;

impl FakeRedis {
    /// Starts one. It replies to `CLIENT`, which a client sends as it connects, by itself.
    pub async fn start(reply: impl Fn(&[String]) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let reply: Arc<Reply> = Arc::new(reply);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, reply.clone()));
            }
        });
        Self(address)
    }

    /// The URL by which clients reach it.
    pub fn url(&self) -> String {
        format!("redis://{}", self.0)
    }
}

async fn serve(mut client: TcpStream, reply: Arc<Reply>) {
    let mut received = Vec::new();
    loop {
        while let Some((words, length)) = parse(&received) {
            received.drain(..length);
            let reply = if words[0] == "CLIENT" { "+OK\r\n".to_owned() } else { reply(&words) };
            if client.write_all(reply.as_bytes()).await.is_err() {
                return;
            }
        }
        if !matches!(client.read_buf(&mut received).await, Ok(1..)) {
            return;
        }
    }
}

/// The words of the first command, which is an array of bulk strings, and how many bytes it has;
/// `None` while it is not complete.
fn parse(received: &[u8]) -> Option<(Vec<String>, usize)> {
    let mut position = 0;
    let number = |position: &mut usize| {
        let rest = received.get(*position..)?;
        let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
        *position += end + 2;
        std::str::from_utf8(&rest[1..end]).ok()?.parse::<usize>().ok()
    };
    let words = number(&mut position)?;
    let word = |_| {
        let length = number(&mut position)?;
        let word = received.get(position..position + length)?;
        position += length + 2;
        Some(String::from_utf8_lossy(word).into_owned())
    };
    let words = (0..words).map(word).collect::<Option<_>>()?;
    (position <= received.len()).then_some((words, position))
}
