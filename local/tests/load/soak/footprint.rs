//! The router's memory, descriptors and threads.

use std::fmt;

use testing::process::Process;

/// What may come on top of a tenth more, in KiB: a moment's requests.
const MEMORY: u64 = 16 * 1024;
/// The same for descriptors.
const DESCRIPTORS: u64 = 64;
/// The same for threads, of which the runtime starts some when they are needed.
const THREADS: u64 = 2;

/// What a process takes at one time.
#[derive(Clone, Copy)]
pub struct Footprint {
    /// Resident memory, in KiB.
    memory: u64,
    descriptors: u64,
    threads: u64,
}

/// What a process took, from the beginning of the run to its end.
#[derive(Default)]
pub struct Footprints(Vec<Footprint>);

impl Footprints {
    /// Adds what a process takes now.
    pub fn add(&mut self, process: &Process) {
        self.0.push(Footprint {
            memory: process.resident(),
            descriptors: process.descriptors() as u64,
            threads: process.threads(),
        });
    }

    /// The latest one.
    pub fn last(&self) -> Footprint {
        *self.0.last().expect("one at least")
    }

    /// The medians of the second fifth, after warming up, and of the last fifth.
    fn early_and_late(&self) -> [Footprint; 2] {
        let fifth = self.0.len() / 5;
        [&self.0[fifth..2 * fifth], &self.0[4 * fifth..]].map(|window| Footprint {
            memory: median(window, |footprint| footprint.memory),
            descriptors: median(window, |footprint| footprint.descriptors),
            threads: median(window, |footprint| footprint.threads),
        })
    }

    /// Holds the last fifth to take no more than the second one, a tenth and the constants above.
    pub fn assert_flat(&self) {
        let [early, late] = self.early_and_late();
        let is_flat = |early: u64, late: u64, more: u64| late <= early + early / 10 + more;
        assert!(is_flat(early.memory, late.memory, MEMORY), "memory grows: {self}");
        assert!(is_flat(early.descriptors, late.descriptors, DESCRIPTORS), "files: {self}");
        assert!(late.threads <= early.threads + THREADS, "threads grow: {self}");
    }
}

fn median(window: &[Footprint], part: impl Fn(&Footprint) -> u64) -> u64 {
    let mut values: Vec<_> = window.iter().map(part).collect();
    values.sort_unstable();
    values[values.len() / 2]
}

impl fmt::Display for Footprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { memory, descriptors, threads } = self;
        write!(formatter, "{memory} KiB, {descriptors} descriptors, {threads} threads")
    }
}

impl fmt::Display for Footprints {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [early, late] = self.early_and_late();
        write!(formatter, "early {early}; late {late}")
    }
}
