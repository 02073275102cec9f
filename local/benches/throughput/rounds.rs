//! The measurements of a row.

use indicatif::{ProgressBar, ProgressStyle};
use testing::redis::RedisServer;
use testing::router::Router;

use crate::Outcome;
use crate::conversations::Conversations;
use crate::options::Options;
use crate::rows::Row;
use crate::targets::Target;
use crate::wrk::{self, Figures};
use crate::{pipeline, requests};

/// Who is measured, and with how many connections.
pub type Setting = (Target, u32);

/// Seconds for which each server is used before it is measured.
const WARMING_SECONDS: u32 = 1;

/// How often and how long to measure.
pub struct Rounds {
    number: u32,
    seconds: u32,
    progress: ProgressBar,
}

impl Rounds {
    /// As the options say.
    pub fn new(options: &Options) -> Self {
        let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}, {eta} to go");
        let progress = ProgressBar::new(0);
        if let Ok(style) = style {
            progress.set_style(style);
        }
        Self { number: options.rounds, seconds: options.seconds, progress }
    }

    /// Announces rows of so many settings in all.
    pub fn expect(&self, settings: usize) {
        self.progress.set_length(settings as u64 * u64::from(self.number));
    }

    /// Measures a row under each setting, in turns; the medians over all rounds.
    ///
    /// The servers are new, and so are the conversations in each measurement.
    pub fn measure(&self, row: &Row, settings: &[Setting]) -> Outcome<Vec<Figures>> {
        self.progress.set_message(row.name);
        let redis = RedisServer::start();
        let mut servers: Vec<(Target, Router)> = Vec::new();
        for (target, connections) in settings {
            if servers.iter().all(|(started, _)| started != target) {
                let server = target.start(&redis)?;
                measure(row, *target, &server, &redis, *connections, WARMING_SECONDS)?;
                servers.push((*target, server));
            }
        }
        let mut found = vec![Vec::new(); settings.len()];
        for round in 0..self.number {
            let mut turns: Vec<_> = settings.iter().zip(&mut found).collect();
            // Who goes first may be better or worse off for it.
            if round % 2 == 1 {
                turns.reverse();
            }
            for ((target, connections), found) in turns {
                let server = servers.iter().find(|(started, _)| started == target);
                let (_, server) = server.ok_or("a server was not started")?;
                found.push(measure(row, *target, server, &redis, *connections, self.seconds)?);
                self.progress.inc(1);
            }
        }
        Ok(found.iter().map(|found| median(found)).collect())
    }

    /// Clears the progress away.
    pub fn finish(&self) {
        self.progress.finish_and_clear();
    }
}

fn measure(
    row: &Row,
    target: Target,
    server: &Router,
    redis: &RedisServer,
    connections: u32,
    seconds: u32,
) -> Outcome<Figures> {
    let in_row = |error| format!("{}, on the {target}: {error}", row.name);
    let conversations = Conversations::prepare(row, seconds, target, redis, &server.url)?;
    let requests = conversations.requests(row);
    let answer = pipeline::answer(&server.url, &requests[0].replace(requests::NUMBER, "first"))?;
    if !requests::is_right(row, &answer) {
        return Err(in_row(format!("a wrong answer:\n{answer}")).into());
    }
    let figures = wrk::measure(&server.url, &requests, connections, seconds);
    figures.map_err(|error| in_row(error.to_string()).into())
}

fn median(found: &[Figures]) -> Figures {
    let of = |part: fn(&Figures) -> f64| {
        let mut values: Vec<_> = found.iter().map(part).collect();
        values.sort_by(f64::total_cmp);
        (values[(values.len() - 1) / 2] + values[values.len() / 2]) / 2.0
    };
    Figures {
        throughput: of(|figures| figures.throughput),
        median: of(|figures| figures.median),
        p99: of(|figures| figures.p99),
    }
}
