//! Clients that read slowly or not at all.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use testing::api::message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::Soak;
use crate::PATIENCE;

/// What all of them ask for: nearly 4 MiB, more than the kernel takes in for who does not read.
const MESSAGES: usize = 240;
const MESSAGE_BYTES: usize = 16 * 1024;
/// What the kernel is asked to take in.
const RECEIVE_BUFFER: u32 = 32 * 1024;
/// A slow reader takes a part at a time, and is through after three seconds at the earliest.
const PART: usize = 32 * 1024;
const BETWEEN_PARTS: Duration = Duration::from_millis(25);
/// Longer than the router lets a client be that does not read.
const STALL: Duration = Duration::from_secs(45);
/// After so long without a byte, a stream has told of everything.
const SILENCE: Duration = Duration::from_secs(1);

/// How their reads ended.
#[derive(Default)]
pub struct SlowReads {
    whole: AtomicU64,
    /// Ended before the whole response was there, though its client went on reading.
    incomplete: AtomicU64,
    stalled: AtomicU64,
    /// How many of those that did not read were cut off by the router.
    cut_off: AtomicU64,
}

/// All of them.
pub struct SlowReaders {
    reads: Arc<SlowReads>,
    tasks: JoinSet<()>,
}

/// What a client needs to ask.
struct Reader {
    soak: Arc<Soak>,
    reads: Arc<SlowReads>,
    /// Like `127.0.0.1:3000`.
    address: String,
    conversation: String,
}

impl SlowReaders {
    /// Sends what they ask for, and starts them: half read slowly, the others not at all.
    pub async fn start(soak: &Arc<Soak>, url: &str, count: usize) -> Self {
        let conversation = soak.api.create().await;
        for _ in 0..MESSAGES {
            let sent = soak.api.post(&conversation, message(&"x".repeat(MESSAGE_BYTES))).await;
            assert_eq!(sent.status, 201, "{sent:?}");
        }
        let (reads, mut tasks) = (Arc::new(SlowReads::default()), JoinSet::new());
        for number in 0..count {
            let reader = Reader {
                soak: soak.clone(),
                reads: reads.clone(),
                address: url.trim_start_matches("http://").to_owned(),
                conversation: conversation.clone(),
            };
            match number % 4 {
                0 => tasks.spawn(reader.stall("Accept: text/event-stream\r\n")),
                1 => tasks.spawn(reader.stall("")),
                _ => tasks.spawn(reader.read_slowly()),
            };
        }
        Self { reads, tasks }
    }

    /// Waits until all have ended.
    pub async fn join(self) -> Arc<SlowReads> {
        timeout(5 * PATIENCE, self.tasks.join_all()).await.expect("the slow readers end");
        self.reads
    }
}

impl Reader {
    /// Asks for all of the conversation, and reads nothing yet.
    async fn ask(&self, header: &str) -> TcpStream {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(RECEIVE_BUFFER).expect("a small buffer");
        let address = self.address.parse().expect("an address");
        let mut stream = socket.connect(address).await.expect("a connection");
        let head = format!("GET {} HTTP/1.1\r\nHost: parley\r\n{header}\r\n", self.conversation);
        stream.write_all(head.as_bytes()).await.expect("a request");
        stream
    }

    async fn read_slowly(self) {
        while !self.soak.is_over() {
            let mut stream = self.ask("Connection: close\r\n").await;
            let (mut received, mut part) = (0, vec![0; PART]);
            let mut is_available = true;
            while let Ok(length @ 1..) = stream.read(&mut part).await {
                is_available &= received > 0 || !part.starts_with(b"HTTP/1.1 503");
                received += length;
                if self.soak.is_over() {
                    return;
                }
                sleep(BETWEEN_PARTS).await;
            }
            let is_whole = received > MESSAGES * MESSAGE_BYTES;
            let counter = if is_whole { &self.reads.whole } else { &self.reads.incomplete };
            counter.fetch_add(u64::from(is_available), Ordering::SeqCst);
        }
    }

    async fn stall(self, header: &str) {
        while !self.soak.is_over() {
            let mut stream = self.ask(header).await;
            let end = Instant::now() + STALL;
            while Instant::now() < end && !self.soak.is_over() {
                sleep(BETWEEN_PARTS).await;
            }
            let (mut received, mut part) = (0, vec![0; PART]);
            while let Ok(Ok(length @ 1..)) = timeout(SILENCE, stream.read(&mut part)).await {
                received += length;
            }
            let is_cut_off = received < MESSAGES * MESSAGE_BYTES;
            self.reads.stalled.fetch_add(1, Ordering::SeqCst);
            self.reads.cut_off.fetch_add(u64::from(is_cut_off), Ordering::SeqCst);
        }
    }
}

impl SlowReads {
    /// Holds every client that went on reading to have got everything.
    pub fn assert_whole(&self) {
        assert_eq!(self.incomplete.load(Ordering::SeqCst), 0, "{self}");
    }
}

impl fmt::Display for SlowReads {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
        write!(formatter, "{} slow reads whole, ", count(&self.whole))?;
        write!(formatter, "{} incomplete; ", count(&self.incomplete))?;
        write!(
            formatter,
            "{} of {} that did not read cut off",
            count(&self.cut_off),
            count(&self.stalled)
        )
    }
}
