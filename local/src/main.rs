//! Parley's local router: all handlers on one port, to try things out, for tests, and to run without
//! Lambda.
//!
//! - [`options`]: the command line.
//! - [`container_credentials`]: what a container on AWS logs in to its cache with.
//! - [`router`]: which path leads to which endpoint.
//! - [`cors`]: lets pages of every origin use the router.
//! - [`openapi`]: the description of the API.
//! - [`client`]: the module with which pages and programs use it.
//! - [`playground`]: a page to try everything out on; [`desk`]: one for agents; [`page`]: how they are
//!   served.
//! - [`health`]: whether the router lives and can serve, and the command that asks it.
//! - [`metrics`]: what Prometheus may know.
//! - [`request`]: the adapter from hyper to the handlers.
//! - [`token`]: the command that makes a token.
//! - [`host`]: the header that says whom a request is for.
//! - [`server`]: serves connections, within limits, until a signal comes.

mod client;
mod container_credentials;
mod cors;
mod desk;
mod health;
mod host;
mod metrics;
mod openapi;
mod options;
mod page;
mod playground;
mod request;
mod router;
mod server;
mod token;

use std::error::Error;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use functions::state::{AppState, StreamMode};
use mimalloc::MiMalloc;
use shared::logging::{self, Format};
use shared::store::Store;
use shared::store::queue::Queue;
use tokio::net::TcpListener;
use tracing::level_filters::LevelFilter;

use crate::container_credentials::ContainerCredentials;
use crate::metrics::Metrics;
use crate::options::{Command, Options, Settings};
use crate::router::Router;
use crate::server::Server;
use crate::server::connections::Connections;
use crate::server::signals::Signals;

/// Requests begin on one thread and often end on another, which is slow with the system's allocator.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("parley: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    if let Some(Command::Health) = options.command {
        let (host, port) = options.address()?;
        return Ok(health::command::check(&host, port).await?);
    }
    let format = Format::from_variable(options.variable("LOG_FORMAT"))?;
    logging::start(format, std::io::stderr, LevelFilter::WARN)?;
    let task = ContainerCredentials::get(|name| options.variable(name)).await?;
    let Settings { host, port, metrics_port, limits, config } = options.settings(task.as_ref())?;
    if let Some(Command::Token(wanted)) = &options.command {
        return token::print(wanted, &config);
    }
    let login = config.redis.as_ref().and_then(|redis| redis.iam.as_ref());
    if let (Some(task), Some(login)) = (task, login) {
        tokio::spawn(task.renew(login.credentials.clone()));
    }
    // From here on: the first process of a container gets no signal that it does not handle, and the
    // store may take a while.
    let signals = Signals::new()?;
    let store = Store::open(&config).await;

    let listener = TcpListener::bind((host.as_str(), port)).await.map_err(|error| {
        format!("cannot listen on {host}:{port}: {error}; HOST and PORT choose another")
    })?;
    let connections =
        Connections::new(server::descriptors::bound(limits.connections), limits.times);
    let metrics = match metrics_port {
        Some(port) => Some(start_metrics(&host, port, &store, &connections).await?),
        None => None,
    };
    let place = match &config.redis {
        Some(redis) => format!("Redis at {redis}"),
        None => "this process's memory (--redis-url redis://127.0.0.1:6379 for Redis)".to_owned(),
    };
    let tokens = match config.tokens {
        Some(_) => "tokens on",
        None => "tokens off (AUTH_SECRET switches them on)",
    };
    let address = listener.local_addr()?;
    let scraped = match &metrics {
        Some((address, _)) => format!(", metrics on http://{address}/metrics"),
        None => String::new(),
    };
    let queue = match config.queue {
        true => "queue on",
        false => "queue off (QUEUE=true switches it on)",
    };
    // Serving matters more than telling where.
    let _ = writeln!(
        io::stdout(),
        "Parley listens on http://{address}, conversations in {place}, {tokens}, {queue}{scraped}"
    );

    let state = AppState {
        store: store.clone(),
        queue: config.queue.then(|| Queue::new(store.clone())),
        stream_mode: StreamMode::Live,
        tokens: config.tokens,
        open_creation: config.open_creation,
    };
    let metrics = metrics.map(|(_, metrics)| metrics);
    let router = Router::new(state, limits.times.read, metrics);
    let server = Server { router, shutdown_timeout: limits.shutdown, connections };
    server.serve(listener, signals, || store.end_following()).await;
    Ok(())
}

/// Listens for Prometheus, and returns where.
async fn start_metrics(
    host: &str,
    port: u16,
    store: &Store,
    connections: &Arc<Connections>,
) -> Result<(SocketAddr, Arc<Metrics>), Box<dyn Error>> {
    let listener = TcpListener::bind((host, port)).await.map_err(|error| {
        format!("cannot serve metrics on {host}:{port}: {error}; METRICS_PORT chooses another")
    })?;
    let address = listener.local_addr()?;
    let metrics = Metrics::new(store.clone(), connections.clone());
    tokio::spawn(metrics::serve(listener, metrics.clone()));
    Ok((address, metrics))
}
