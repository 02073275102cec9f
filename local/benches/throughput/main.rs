//! How many requests the router serves in a second, and how long each takes, measured by wrk.
//!
//! A figure alone says more of the machine than of the router. So each is set against that of
//! another server, measured in turns with it: the floor, which does no more than axum, redis-rs and
//! Redis must; the router's own store in memory; and what most such services do. `local/scripts/bench.sh`
//! installs what this needs and runs it.
//!
//! - [`rows`]: what is measured.
//! - [`targets`]: the servers, each a process; two of them are this program itself:
//!   [`floor`] and [`naive`].
//! - [`conversations`]: what the servers hold when a measurement begins.
//! - [`requests`]: the bytes that wrk sends, and what must be answered.
//! - [`pipeline`]: a client for what goes before a measurement.
//! - [`wrk`]: one measurement.
//! - [`rounds`]: the measurements of a row, in turns, and their medians.
//! - [`comparison`], [`connections`]: the tables.

mod comparison;
mod connections;
mod conversations;
mod floor;
mod naive;
mod options;
mod pipeline;
mod requests;
mod rounds;
mod rows;
mod targets;
mod wrk;

use std::process::{Command, ExitCode};
use std::thread::available_parallelism;

use clap::Parser;

use crate::options::{Options, Server};
use crate::rounds::Rounds;

/// What ends the bench is told to whoever runs it, and to nobody else.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let options = Options::parse();
    let outcome = match &options.server {
        Some(Server::Floor(address)) => floor::serve(address),
        Some(Server::Naive(address)) => naive::serve(address),
        None => bench(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("throughput: {error}");
            ExitCode::FAILURE
        }
    }
}

fn bench(options: &Options) -> Outcome<()> {
    let rows = rows::named_like(&options.only)?;
    println!("{}", circumstances(options)?);
    let rounds = Rounds::new(options);
    if options.connections_table {
        connections::print(&rows, &rounds)
    } else {
        comparison::print(&rows, &rounds, options.connections)
    }
}

/// What must be known to judge the figures.
fn circumstances(options: &Options) -> Outcome<String> {
    let cores = available_parallelism()?;
    let output = Command::new("redis-server").arg("--version").output();
    let output = output.map_err(|error| {
        format!("cannot start redis-server: {error}. local/scripts/bench.sh installs it")
    })?;
    let version = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = version.split_whitespace().find_map(|word| word.strip_prefix("v="));
    let version = version.ok_or("redis-server does not tell its version")?;
    let Options { seconds, rounds, connections, .. } = options;
    let connections = match options.connections_table {
        true => String::new(),
        false => format!(", {connections} connections"),
    };
    Ok(format!(
        "{cores} cores, {}; Redis {version}; wrk with 1 thread{connections}; \
         {seconds} s a measurement, medians of {rounds}",
        processor()
    ))
}

fn processor() -> String {
    let processors = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = processors.lines().find_map(|line| line.strip_prefix("model name"));
    let name = name.map(|name| name.trim_start_matches([' ', '\t', ':']).to_owned());
    name.unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}
