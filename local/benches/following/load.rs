//! StreamMode that are held open, and messages that are sent to them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep, timeout};

use crate::Outcome;
use crate::servers::{Server, Target};

/// Connections on which messages are sent.
const SENDERS: usize = 16;
/// After how long without another delivery those that are missing count as lost.
const QUIET: Duration = Duration::from_secs(2);
/// What stands before and after a message's number.
const MARK: u8 = b'@';

pub struct Row {
    pub streams: usize,
    pub conversations: usize,
    /// Messages a second.
    pub rate: u32,
}

#[derive(Clone, Copy)]
pub struct Figures {
    /// Of the servers' processor time, for a delivery.
    pub microseconds: f64,
    pub median: f64,
    pub p99: f64,
    /// Of the server's memory, for a stream.
    pub kilobytes: f64,
    pub lost: u64,
}

/// When each message was sent, in microseconds since the beginning.
type Sent = Arc<Vec<AtomicU64>>;

/// Starts a server and measures it.
pub async fn measure(target: Target, row: &Row, seconds: u32) -> Outcome<Figures> {
    let server = Arc::new(Server::start(target)?);
    let conversations = Arc::new(server.conversations(row.conversations).await);
    let messages = (row.rate * seconds) as usize;
    let sent: Sent = Arc::new((0..messages).map(|_| AtomicU64::new(0)).collect());
    let delivered = Arc::new(AtomicU64::new(0));
    let start = Instant::now();

    let memory = server.resident();
    let mut streams = JoinSet::new();
    for number in 0..row.streams {
        let stream = open_when_ready(&server, &conversations[number % row.conversations]).await?;
        streams.spawn(listen(stream, sent.clone(), delivered.clone(), start));
    }
    sleep(Duration::from_millis(500)).await;
    let kilobytes = server.resident().saturating_sub(memory) as f64 / row.streams as f64;

    let processor_time = server.processor_time();
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        let (server, conversations, sent) = (server.clone(), conversations.clone(), sent.clone());
        let period = Duration::from_secs_f64(SENDERS as f64 / f64::from(row.rate));
        senders.spawn(async move {
            let mut connection = TcpStream::connect(&server.address).await?;
            connection.set_nodelay(true)?;
            let mut ticks = interval(period);
            for number in (sender..sent.len()).step_by(SENDERS) {
                ticks.tick().await;
                let conversation = &conversations[number % conversations.len()];
                let request = server.send_request(conversation, &format!("@{number}@"));
                sent[number].store(start.elapsed().as_micros() as u64, Relaxed);
                connection.write_all(request.as_bytes()).await?;
                answer(&mut connection).await?;
            }
            Outcome::Ok(())
        });
    }
    while let Some(sender) = senders.join_next().await {
        sender??;
    }
    let expected = (messages * row.streams / row.conversations) as u64;
    let mut last = 0;
    while delivered.load(Relaxed) < expected && delivered.load(Relaxed) != last {
        last = delivered.load(Relaxed);
        sleep(QUIET).await;
    }
    let used = server.processor_time() - processor_time;
    let delivered = delivered.load(Relaxed);
    // Their connections end with the server, and with them the listening.
    drop(server);
    let mut late: Vec<u64> = streams.join_all().await.into_iter().flatten().collect();
    late.sort_unstable();
    let part = |share: f64| {
        let place = (late.len() as f64 * share) as usize;
        late.get(place.min(late.len().saturating_sub(1))).map_or(0.0, |late| *late as f64 / 1e3)
    };
    Ok(Figures {
        microseconds: used as f64 * 1e3 / delivered.max(1) as f64,
        median: part(0.5),
        p99: part(0.99),
        kilobytes,
        lost: expected.saturating_sub(delivered),
    })
}

/// Opens a stream; again for a while, because each of nchan's workers refuses until it has found Redis.
async fn open_when_ready(server: &Server, conversation: &str) -> Outcome<TcpStream> {
    let mut attempts = 0;
    loop {
        match open(server, conversation).await {
            Err(_) if attempts < 100 => attempts += 1,
            result => return result,
        }
        sleep(Duration::from_millis(50)).await;
    }
}

async fn open(server: &Server, conversation: &str) -> Outcome<TcpStream> {
    let mut stream = TcpStream::connect(&server.address).await?;
    stream.write_all(server.stream_request(conversation).as_bytes()).await?;
    let mut head = [0; 12];
    timeout(Duration::from_secs(10), stream.read_exact(&mut head)).await??;
    if &head != b"HTTP/1.1 200" {
        return Err(
            format!("{}: {}", server.target().name(), String::from_utf8_lossy(&head)).into()
        );
    }
    Ok(stream)
}

/// How late each message was, in microseconds, until the connection ends.
async fn listen(
    mut stream: TcpStream,
    sent: Sent,
    delivered: Arc<AtomicU64>,
    start: Instant,
) -> Vec<u64> {
    let (mut late, mut buffer, mut rest) = (Vec::new(), [0; 4096], Vec::new());
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        let now = start.elapsed().as_micros() as u64;
        rest.extend_from_slice(&buffer[..length]);
        while let Some(first) = rest.iter().position(|byte| *byte == MARK) {
            let Some(number) = rest[first + 1..].iter().position(|byte| *byte == MARK) else {
                break;
            };
            let text = String::from_utf8_lossy(&rest[first + 1..first + 1 + number]).into_owned();
            if let Some(sent) = text.parse::<usize>().ok().and_then(|number| sent.get(number)) {
                late.push(now.saturating_sub(sent.load(Relaxed)));
                delivered.fetch_add(1, Relaxed);
            }
            rest.drain(..first + number + 2);
        }
        if !rest.contains(&MARK) {
            rest.clear();
        }
    }
    late
}

/// Reads one answer, which has a body of a length that it tells.
async fn answer(connection: &mut TcpStream) -> Outcome<()> {
    let mut heard = Vec::new();
    let mut part = [0; 4096];
    loop {
        let length = connection.read(&mut part).await?;
        if length == 0 {
            return Err("the server closed a connection".into());
        }
        heard.extend_from_slice(&part[..length]);
        let text = String::from_utf8_lossy(&heard);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        if !head.starts_with("HTTP/1.1 20") {
            return Err(format!("a message was refused: {text}").into());
        }
        let lower = head.to_ascii_lowercase();
        let told = lower.split("content-length:").nth(1).and_then(|rest| rest.lines().next());
        let told = told.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
        if body.len() >= told {
            return Ok(());
        }
    }
}
