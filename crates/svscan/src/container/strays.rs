//! Processes that services have left behind. svinit is their parent by then, as process 1 or
//! as a subreaper: they are those of its children that it has not started itself. What they
//! have started themselves comes to svinit when they end.

use daemontools::procfs;
use daemontools::unix::process::{self, Pid};
use daemontools::unix::signal::Signal;
use log::debug;

use crate::services::Services;

/// The processes that services have left behind.
#[derive(Debug)]
pub(super) struct Strays {
    /// Those that were told to end. Each is a child that was not waited for, so its pid is
    /// its own.
    told: Vec<u32>,
    there: bool,
}

impl Strays {
    pub(super) const fn new() -> Self {
        Self {
            told: Vec::new(),
            there: false,
        }
    }

    /// Whether there were some at the last look.
    pub(super) const fn are_there(&self) -> bool {
        self.there
    }

    /// Looks for them, and tells each once to end, or kills all. Without `/proc`, or with
    /// that of another pid namespace, none is found: they end with the container.
    pub(super) fn signal(&mut self, services: &Services, kill: bool) {
        if !procfs::is_of_this_namespace() {
            return;
        }
        let me = std::process::id();
        let mut found = Vec::new();
        let _ = procfs::each_process(|process| {
            let is_stray = process.parent == me
                && !process.has_ended()
                && services.table.find_process(process.pid).is_none()
                && services.mains.program != Some(process.pid);
            if is_stray {
                found.push(process.pid);
            }
        });
        for &pid in &found {
            let child = Pid::from_raw(pid.cast_signed());
            if kill {
                let _ = process::kill(child, Signal::SIGKILL);
            } else if !self.told.contains(&pid) {
                debug!("{pid}: was left behind, is told to end");
                let _ = process::kill(child, Signal::SIGTERM);
                let _ = process::kill(child, Signal::SIGCONT);
            }
        }
        self.there = !found.is_empty();
        self.told = found;
    }
}
