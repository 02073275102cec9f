//! Starting, answering and memory of the four functions, as Lambda would see them, beside those of
//! a bare `lambda_http` function: `functions/scripts/measure_functions.sh` builds both and runs this.
#![allow(clippy::expect_used, clippy::print_stdout, missing_docs)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use axum::body::Body;
use functions::function::Function;
use functions::route::Route;
use serde_json::Value;
use testing::api::message;
use testing::gateway::{command, event};
use testing::process::Process;
use testing::redis::RedisServer;
use testing::runtime_api::RuntimeApi;

/// Starts of each, taking turns.
const STARTS: usize = 20;
/// Invocations of each process: those that warm it up, and those that count.
const WARMING: usize = 50;
const COUNTED: usize = 200;

/// What was seen of one function, one value for each start.
#[derive(Default)]
struct Seen {
    start: Vec<Duration>,
    warm: Vec<Duration>,
    resident: Vec<Duration>,
}

#[tokio::main]
async fn main() {
    let redis = RedisServer::start();
    // What is sent goes to one of its own, so that the one that is read stays short.
    let conversations = [begin(&redis).await, begin(&redis).await];
    let functions: Vec<_> = std::iter::once(None)
        .chain(Function::ALL.map(|function| function.routes().next()))
        .map(|route| (route, binary(route)))
        .collect();
    let mut seen: Vec<Seen> = functions.iter().map(|_| Seen::default()).collect();
    let mut round_trips = Vec::new();
    for _ in 0..STARTS {
        for ((route, binary), seen) in functions.iter().zip(&mut seen) {
            measure(*route, binary, &redis, &conversations, seen).await;
        }
        round_trips.push(round_trip(&redis));
    }
    print(&functions, &mut seen, median(&mut round_trips));
}

/// What `functions/scripts/measure_functions.sh` has built, in the folder that it names.
fn binary(route: Option<Route>) -> PathBuf {
    let folder = std::env::args().nth(1).expect("the folder of the built functions");
    Path::new(&folder).join(name(route)).join("bootstrap")
}

fn name(route: Option<Route>) -> &'static str {
    route.map_or("hello", |route| route.function().name())
}

/// The path of a conversation with ten messages.
async fn begin(redis: &RedisServer) -> String {
    let create = running(&binary(Some(Route::CreateConversation)), redis).await;
    let created = create.invoke(Route::CreateConversation, "/api/conversations", "").await;
    let path = created["headers"]["location"].as_str().expect("a path").to_owned();
    let send = running(&binary(Some(Route::SendMessage)), redis).await;
    for number in 0..10 {
        let body = message(&format!("message {number}"));
        send.invoke(Route::SendMessage, &format!("{path}/messages"), &body).await;
    }
    path
}

/// A function that has asked for its first invocation.
struct Running {
    process: Process,
    runtime: RuntimeApi,
    started_in: Duration,
}

async fn running(binary: &Path, redis: &RedisServer) -> Running {
    let runtime = RuntimeApi::start().await;
    let mut command = command(binary, &runtime, &redis.url(), &[]);
    let started = Instant::now();
    let process = Process::start(&mut command, "functions/scripts/measure_functions.sh builds it");
    runtime.asked().await;
    Running { process, runtime, started_in: started.elapsed() }
}

impl Running {
    async fn invoke(&self, route: Route, path: &str, body: &str) -> Value {
        let event = self::event_of(route, path, body).await;
        self.runtime.invoke(event).await.expect("a response")
    }
}

async fn event_of(route: Route, path: &str, body: &str) -> Value {
    let request = http::Request::builder().method(route.method()).uri(path);
    let request = request.header("content-type", "application/json");
    event(route.path(), request.body(Body::from(body.to_owned())).expect("a request")).await
}

async fn measure(
    route: Option<Route>,
    binary: &Path,
    redis: &RedisServer,
    [conversation, sent_to]: &[String; 2],
    seen: &mut Seen,
) {
    let running = running(binary, redis).await;
    seen.start.push(running.started_in);
    // To hello all events are one; and a deletion that finds nothing costs what one that does costs.
    let route = route.unwrap_or(Route::GetConversation);
    let path = match route {
        Route::CreateConversation => "/api/conversations".to_owned(),
        Route::GetConversation => conversation.clone(),
        Route::SendMessage => format!("{sent_to}/messages"),
        _ => {
            format!("{conversation}/messages/00000000-0000-7000-8000-000000000000")
        }
    };
    let body = if route == Route::SendMessage { message("hello") } else { String::new() };
    let event = event_of(route, &path, &body).await;
    let mut times = Vec::new();
    for _ in 0..WARMING + COUNTED {
        let asked = Instant::now();
        let response = running.runtime.invoke(event.clone()).await.expect("a response");
        times.push(asked.elapsed());
        assert!(response["statusCode"].as_u64().is_some_and(|status| status < 500), "{response}");
        // The next is asked for after the response, and not part of it.
        running.runtime.asked().await;
    }
    seen.warm.push(median(&mut times[WARMING..]));
    seen.resident.push(Duration::from_micros(running.process.resident()));
}

/// How long Redis takes to answer a connection that is open.
fn round_trip(redis: &RedisServer) -> Duration {
    let mut connection = testing::redis::Pings::open(redis.port());
    let mut times: Vec<_> = (0..WARMING + COUNTED).map(|_| connection.ping()).collect();
    median(&mut times[WARMING..])
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn print(functions: &[(Option<Route>, PathBuf)], seen: &mut [Seen], round_trip: Duration) {
    let milliseconds = |duration: Duration| duration.as_secs_f64() * 1000.0;
    println!("medians of {STARTS}; a round trip to Redis takes {:.3} ms", milliseconds(round_trip));
    println!(
        "{:<20} {:>9} {:>6} {:>9} {:>12} {:>9} {:>6}",
        "", "start ms", "", "warm ms", "over hello", "RSS KiB", ""
    );
    let mut hello = None;
    for ((route, _), seen) in functions.iter().zip(seen) {
        let found = [&mut seen.start, &mut seen.warm, &mut seen.resident].map(|all| median(all));
        let [start, warm, resident] = found.map(milliseconds);
        let [hello_start, hello_warm, hello_resident] =
            *hello.get_or_insert([start, warm, resident]);
        let own = if route.is_some() { milliseconds(round_trip) } else { 0.0 };
        println!(
            "{:<20} {start:>9.2} {:>6.2} {warm:>9.3} {:>12.3} {:>9.0} {:>6.2}",
            name(*route),
            start / hello_start,
            warm - own - hello_warm,
            resident * 1000.0,
            resident / hello_resident,
        );
    }
    println!("over hello: milliseconds of a warm invocation beyond hello's and the round trip");
}
