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

    /// Its resident memory, in KiB (proc(5), `VmRSS`).
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()));
        let status = status.expect("a running process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let size = line.expect("its memory").trim().trim_end_matches(" kB");
        size.parse().expect("a number")
    }

    /// How many files and connections it has open.
    pub fn descriptors(&self) -> usize {
        let open = std::fs::read_dir(format!("/proc/{}/fd", self.0.id()));
        open.expect("a running process").count()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
