//! The table of how the throughput bears more connections.
//!
//! The floor stands beside the router to tell what wrk and the machine make of them.

use crate::Outcome;
use crate::comparison::grouped;
use crate::rounds::{Rounds, Setting};
use crate::rows::Row;
use crate::targets::Target;

const CONNECTIONS: [u32; 4] = [16, 64, 256, 1024];

/// More connections may cost a fifth of the best throughput with fewer.
const LEAST_KEPT: f64 = 0.8;

/// Measures the rows on the router, on the floor and in memory, and prints the table.
pub fn print(rows: &[&Row], rounds: &Rounds) -> Outcome<()> {
    rounds.expect(rows.iter().map(|row| targets(row).count() * CONNECTIONS.len()).sum());
    let mut lines = Vec::new();
    for row in rows {
        for target in targets(row) {
            let settings = CONNECTIONS.map(|connections| Setting::from((target, connections)));
            let figures = rounds.measure(row, &settings)?;
            let throughputs: Vec<_> = figures.iter().map(|figures| figures.throughput).collect();
            lines.push((row.name, target, throughputs));
        }
    }
    rounds.finish();

    println!("\nRequests/s by the number of connections, and the least that was kept of the best");
    println!("throughput with fewer\n");
    print!("{:<30}", "");
    CONNECTIONS.iter().for_each(|number| print!("{:>10}", grouped((*number).into())));
    println!("{:>10}", "kept");
    for (name, target, throughputs) in &lines {
        let kept = kept(throughputs);
        print!("{name:<20}{target:>10}");
        throughputs.iter().for_each(|throughput| print!("{:>10}", grouped(*throughput)));
        println!("{kept:>10.2}{}", if kept < LEAST_KEPT { "  falls" } else { "" });
    }
    Ok(())
}

fn targets(row: &Row) -> impl Iterator<Item = Target> {
    let memory = row.others.contains(&Target::Memory).then_some(Target::Memory);
    [Target::Router, Target::Floor].into_iter().chain(memory)
}

/// The least share of the best throughput so far that any further number of connections kept.
fn kept(throughputs: &[f64]) -> f64 {
    let mut best = 0.0_f64;
    let shares = throughputs.iter().map(|throughput| {
        best = best.max(*throughput);
        throughput / best
    });
    shares.fold(1.0, f64::min)
}
