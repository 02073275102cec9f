//! The command line.

use clap::{Args, Parser, Subcommand, value_parser};

/// Measures the router's throughput against that of a bare server on the same Redis.
#[derive(Parser)]
#[command(name = "local/scripts/bench.sh")]
pub struct Options {
    /// Seconds that each measurement takes
    #[arg(long, default_value_t = 2, value_parser = value_parser!(u32).range(1..=60))]
    pub seconds: u32,

    /// How often each is repeated
    #[arg(long, default_value_t = 3, value_parser = value_parser!(u32).range(1..))]
    pub rounds: u32,

    /// Connections on which wrk sends
    #[arg(long, default_value_t = 64, value_parser = value_parser!(u32).range(1..))]
    pub connections: u32,

    /// Measure only the rows whose name holds this
    #[arg(long, default_value = "", hide_default_value = true)]
    pub only: String,

    /// Tell instead how the throughput bears 16 to 1,024 connections
    #[arg(long, conflicts_with = "connections")]
    pub connections_table: bool,

    /// Cargo says so to every bench
    #[arg(long, hide = true)]
    bench: bool,

    #[command(subcommand)]
    pub server: Option<Server>,
}

/// What this program is, where it has started itself.
#[derive(Subcommand)]
pub enum Server {
    #[command(hide = true)]
    Floor(Address),
    #[command(hide = true)]
    Naive(Address),
}

/// Where a server listens, and where its Redis does.
#[derive(Args)]
pub struct Address {
    #[arg(long)]
    pub port: u16,
    #[arg(long)]
    pub redis_url: String,
}
