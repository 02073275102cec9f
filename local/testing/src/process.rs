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
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
