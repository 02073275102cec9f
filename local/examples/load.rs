//! Opens event streams, sends messages, and prints how long each took to arrive and what was lost.
//!
//! Runs against any Parley without tokens, by default the local router, which is to be built in
//! release as well:
//!
//! ```sh
//! cargo run --release
//! cargo run --release --example load -- --streams 1000 --conversations 1 --rate 10
//! ```

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Parser, value_parser};
use hdrhistogram::Histogram;
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// What ends the run is printed as a sentence.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Streams that connect at the same time; more would only queue in the router's accept backlog.
const CONNECTING: usize = 64;
/// How long after the last send a delivery counts as lost.
const LOST_AFTER: Duration = Duration::from_secs(10);

/// Opens event streams, sends messages, and prints how long each took to arrive.
#[derive(Parser)]
struct Options {
    /// Where Parley answers
    #[arg(long, default_value = "http://127.0.0.1:3000")]
    url: String,
    /// Event streams to hold open
    #[arg(long, default_value_t = 1000)]
    streams: usize,
    /// Conversations that they follow, the same number of streams each
    #[arg(long, default_value = "1", value_parser = at_least_one)]
    conversations: usize,
    /// Messages sent in a second, to one conversation after another
    #[arg(long, default_value_t = 100, value_parser = value_parser!(u32).range(1..))]
    rate: u32,
    /// How long to send
    #[arg(long, default_value_t = 10)]
    seconds: u32,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Outcome<()> {
    let client = Client::new();
    let started = Instant::now();

    println!("Creating {} conversation(s) at {}", options.conversations, options.url);
    let conversations = create(&client, &options).await?;
    println!("Opening {} streams on them", options.streams);
    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    let (mut streams, followers) =
        connect(&client, &options, &conversations, started, &arrived).await?;
    drop(arrived);
    println!("All are open after {:.1?}", started.elapsed());
    println!("Sending {} messages a second for {} seconds", options.rate, options.seconds);

    let total = options.rate * options.seconds;
    let sending = tokio::spawn(send(client, conversations.clone(), options.rate, total, started));
    let deliveries: u64 = (0..total as usize).map(|n| followers[n % conversations.len()]).sum();
    let progress = bar(deliveries, "delivered");
    let mut delays = Histogram::<u64>::new(3)?;
    let patience = Duration::from_secs(options.seconds.into()) + LOST_AFTER;
    while delays.len() < deliveries {
        match timeout(patience, arrivals.recv()).await {
            Ok(Some(delay)) => delays.record(delay)?,
            _ => break,
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    let refused = sending.await??;
    streams.abort_all();

    let milliseconds = |quantile| delays.value_at_quantile(quantile) as f64 / 1000.0;
    println!("sent       {total} messages, {refused} refused");
    println!("delivered  {} of {deliveries}, {} lost", delays.len(), deliveries - delays.len());
    println!(
        "delay      median {:.2} ms, p99 {:.2} ms, max {:.2} ms",
        milliseconds(0.5),
        milliseconds(0.99),
        milliseconds(1.0)
    );
    Ok(())
}

/// Creates the conversations and returns their URLs.
async fn create(client: &Client, options: &Options) -> Outcome<Vec<String>> {
    let mut conversations = Vec::new();
    for _ in 0..options.conversations {
        let response = client.post(format!("{}/api/conversations", options.url)).send().await;
        let response = succeeded(response, &options.url)?;
        let body = serde_json::from_slice::<Value>(&response.bytes().await?).unwrap_or_default();
        if body["customerToken"].is_string() {
            let sentence = "asks for tokens, which this does not have; unset AUTH_SECRET there";
            return Err(format!("the Parley at {} {sentence}", options.url).into());
        }
        let id = body["conversationId"].as_str();
        let id = id.ok_or_else(|| format!("what answers at {} is not Parley", options.url))?;
        conversations.push(format!("{}/api/conversations/{id}", options.url));
    }
    Ok(conversations)
}

/// Opens the streams; also returns how many follow each conversation.
async fn connect(
    client: &Client,
    options: &Options,
    conversations: &[String],
    started: Instant,
    arrived: &mpsc::UnboundedSender<u64>,
) -> Outcome<(JoinSet<()>, Vec<u64>)> {
    let progress = bar(options.streams as u64, "streams");
    let connecting = Arc::new(Semaphore::new(CONNECTING));
    let mut followers = vec![0; conversations.len()];
    let mut opening = JoinSet::new();
    for number in 0..options.streams {
        let conversation = number % conversations.len();
        followers[conversation] += 1;
        let stream = client.get(&conversations[conversation]).header("Accept", "text/event-stream");
        let turn = connecting.clone().acquire_owned().await?;
        let progress = progress.clone();
        opening.spawn(async move {
            let stream = stream.send().await;
            drop(turn);
            progress.inc(1);
            stream
        });
    }
    let mut streams = JoinSet::new();
    while let Some(stream) = opening.join_next().await {
        let stream = succeeded(stream?, &options.url)?;
        streams.spawn(listen(stream, started, arrived.clone()));
    }
    progress.finish_and_clear();
    Ok((streams, followers))
}

/// Reports the delay of each message, in microseconds: its content is when it was sent.
async fn listen(mut stream: Response, started: Instant, arrived: mpsc::UnboundedSender<u64>) {
    let mut received = Vec::new();
    while let Ok(Some(chunk)) = stream.chunk().await {
        let now = started.elapsed().as_micros() as u64;
        received.extend_from_slice(&chunk);
        let whole = received.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let lines: Vec<u8> = received.drain(..whole).collect();
        for line in lines.split(|byte| *byte == b'\n') {
            let message = line.strip_prefix(b"data: ").map(serde_json::from_slice::<Value>);
            let content = message.and_then(Result::ok).and_then(|message| {
                message["content"].as_str().and_then(|content| content.parse::<u64>().ok())
            });
            if let Some(sent) = content {
                let _ = arrived.send(now.saturating_sub(sent));
            }
        }
    }
}

/// Sends at an even rate, whatever the answers take; returns how many were refused.
async fn send(
    client: Client,
    conversations: Vec<String>,
    rate: u32,
    total: u32,
    started: Instant,
) -> Outcome<usize> {
    let mut ticks = interval(Duration::from_secs(1) / rate);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut sends = JoinSet::new();
    for number in 0..total as usize {
        ticks.tick().await;
        let conversation = &conversations[number % conversations.len()];
        let content = started.elapsed().as_micros().to_string();
        let body =
            json!({"sender": "agent", "content": content, "timestamp": "2025-04-05T14:01:00Z"});
        let request = client.post(format!("{conversation}/messages")).body(body.to_string());
        sends.spawn(async move { request.send().await?.error_for_status() });
    }
    Ok(sends.join_all().await.iter().filter(|sent| sent.is_err()).count())
}

/// The response, or the sentence that says why there is none that will do.
fn succeeded(response: reqwest::Result<Response>, url: &str) -> Outcome<Response> {
    match response {
        Ok(response) => match response.status() {
            status if status.is_success() => Ok(response),
            StatusCode::SERVICE_UNAVAILABLE => {
                Err(format!("the Parley at {url} cannot reach its store (503)").into())
            }
            status => Err(format!("what answers at {url} answers with {status}").into()),
        },
        Err(error) => {
            let mut cause: &dyn Error = &error;
            while let Some(deeper) = cause.source() {
                cause = deeper;
            }
            let advice = "`cargo run --release` starts a router, --url names another, and \
                `ulimit -n` allows more streams";
            Err(format!("no connection to {url}: {cause}. {advice}").into())
        }
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| "not a whole number from 1 on".to_owned())
}

fn bar(length: u64, what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:>10} {wide_bar} {pos}/{len}");
    let bar = ProgressBar::new(length).with_message(what);
    style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style))
}
