//! A process that ends with the test that started it.

use std::process::{Child, Command};

/// Kills its process when dropped.
pub struct Process(pub Child);

impl Process {
    /// Starts a program; `advice` says what to do where there is none.
    pub fn start(command: &mut Command, advice: &str) -> Self {
        match command.spawn() {
            Ok(child) => Self(child),
            Err(error) => panic!("cannot start {:?}: {error}. {advice}", command.get_program()),
        }
    }

    /// Sends a signal, by its name without SIG.
    pub fn signal(&self, name: &str) {
        let id = self.0.id().to_string();
        let status = Command::new("kill").args(["-s", name, &id]).status();
        assert!(status.is_ok_and(|status| status.success()), "cannot signal {id}");
    }

    /// Its resident memory, in KiB.
    pub fn resident(&self) -> u64 {
        resident(self.0.id())
    }

    /// How many threads it has.
    pub fn threads(&self) -> u64 {
        status(self.0.id(), "Threads:")
    }

    /// How many files and connections it has open.
    pub fn descriptors(&self) -> usize {
        let open = std::fs::read_dir(format!("/proc/{}/fd", self.0.id()));
        open.expect("a running process").count()
    }
}

/// The resident memory of a process, in KiB (proc(5), `VmRSS`).
pub fn resident(id: u32) -> u64 {
    status(id, "VmRSS:")
}

/// A number that Linux tells of a process.
fn status(id: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status"));
    let status = status.expect("a running process");
    let value = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
    value.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// The processor time that a process has used, in milliseconds (proc(5), `utime` and `stime`, which
/// Linux counts in hundredths of a second).
pub fn processor_time(id: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).expect("a running process");
    let (_, after_name) = stat.rsplit_once(')').expect("the program's name");
    let ticks = after_name.split_whitespace().skip(11).take(2);
    ticks.map(|ticks| ticks.parse::<u64>().expect("a number") * 10).sum()
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
