//! The tables that set one server against another.

use crate::Outcome;
use crate::rounds::{Rounds, Setting};
use crate::rows::Row;
use crate::targets::Target;
use crate::wrk::Figures;

/// One server's figures beside another's, and the first's as a multiple of the second's.
const TABLES: [(&str, Target, Target); 3] = [
    ("The router and the floor", Target::Router, Target::Floor),
    ("The router in memory and on Redis", Target::Memory, Target::Router),
    ("The router and one JSON value that is read and written anew", Target::Router, Target::Naive),
];

type Measured<'a> = (&'a Row, Vec<(Target, Figures)>);

/// Measures the rows and prints the tables.
pub fn print(rows: &[&Row], rounds: &Rounds, connections: u32) -> Outcome<()> {
    rounds.expect(rows.iter().map(|row| targets(row).count()).sum());
    let mut measured = Vec::new();
    for row in rows {
        let settings: Vec<Setting> = targets(row).map(|target| (target, connections)).collect();
        let figures = rounds.measure(row, &settings)?;
        measured.push((*row, targets(row).zip(figures).collect()));
    }
    rounds.finish();
    for (title, left, right) in TABLES {
        print_table(title, left, right, &measured);
    }
    Ok(())
}

fn targets(row: &Row) -> impl Iterator<Item = Target> {
    [Target::Router, Target::Floor].into_iter().chain(row.others.iter().copied())
}

fn print_table(title: &str, left: Target, right: Target, measured: &[Measured]) {
    let mut lines = measured.iter().filter_map(|(row, figures)| {
        let of = |wanted| figures.iter().find(|(target, _)| *target == wanted);
        Some((row.name, of(left)?.1, of(right)?.1))
    });
    let Some(first) = lines.next() else { return };
    let ratio = format!("{left}/{right}");
    println!("\n{title}\n");
    println!("{:<20}{:>20}{:>20}{:>20}{ratio:>20}", "", "requests/s", "median, ms", "p99, ms");
    print!("{:<20}", "");
    for _ in 0..3 {
        print!("{:>10}{:>10}", left.to_string(), right.to_string());
    }
    println!("{:>12}{:>8}", "requests/s", "p99");
    for (name, left, right) in std::iter::once(first).chain(lines) {
        println!(
            "{name:<20}{:>10}{:>10}{:>10.2}{:>10.2}{:>10.2}{:>10.2}{:>12.2}{:>8.2}",
            grouped(left.throughput),
            grouped(right.throughput),
            left.median,
            right.median,
            left.p99,
            right.p99,
            left.throughput / right.throughput,
            left.p99 / right.p99,
        );
    }
}

/// A number with its thousands set apart.
pub fn grouped(number: f64) -> String {
    let (thousands, rest) = (number.round() as u64 / 1000, number.round() as u64 % 1000);
    if thousands > 0 { format!("{thousands},{rest:03}") } else { rest.to_string() }
}
