//! What following costs: processor time of the servers for a delivery, how late deliveries are, and
//! memory for a stream; beside nchan, a module of nginx in C, which does nothing else.
//!
//! `local/scripts/bench.sh --following` installs what this needs and runs it.
//!
//! - [`servers`]: the router and nchan, each in memory and on Redis.
//! - [`load`]: streams that are held open, and messages that are sent to them.

mod load;
mod servers;

use std::process::ExitCode;

use clap::Parser;

use crate::load::{Figures, Row};
use crate::servers::Target;

/// What ends the bench is told to whoever runs it, and to nobody else.
type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const ROWS: [Row; 3] = [
    Row { streams: 2_000, conversations: 1_000, rate: 300 },
    Row { streams: 1_000, conversations: 1, rate: 50 },
    Row { streams: 5_000, conversations: 5_000, rate: 500 },
];

/// Measures following, beside nchan.
#[derive(Parser)]
struct Options {
    /// How often each server is measured, in turns; the medians are printed
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How long messages are sent in a measurement
    #[arg(long, default_value_t = 6)]
    seconds: u32,
    /// What cargo passes to every bench
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match bench(&Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("following: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn bench(options: &Options) -> Outcome<()> {
    println!(
        "{:<26}{:<16}{:>12}{:>12}{:>10}{:>12}{:>8}",
        "streams/conversations, /s",
        "server",
        "us/delivery",
        "median, ms",
        "p99, ms",
        "KB/stream",
        "lost"
    );
    for row in &ROWS {
        let mut found = vec![Vec::new(); Target::ALL.len()];
        for _ in 0..options.rounds {
            for (target, found) in Target::ALL.iter().zip(&mut found) {
                found.push(load::measure(*target, row, options.seconds).await?);
            }
        }
        for (target, found) in Target::ALL.iter().zip(&found) {
            print(row, *target, found);
        }
    }
    Ok(())
}

fn print(row: &Row, target: Target, found: &[Figures]) {
    let median = |of: fn(&Figures) -> f64| {
        let mut values: Vec<_> = found.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    println!(
        "{:<26}{:<16}{:>12.1}{:>12.2}{:>10.2}{:>12.1}{:>8}",
        format!("{}/{}, {}", row.streams, row.conversations, row.rate),
        target.name(),
        median(|figures| figures.microseconds),
        median(|figures| figures.median),
        median(|figures| figures.p99),
        median(|figures| figures.kilobytes),
        found.iter().map(|figures| figures.lost).sum::<u64>(),
    );
}
