//! The start of the service, as this process and as its child, which runs in the same
//! memory until it execs. Nothing else of supervise runs twice, and here the order of
//! things decides whether a successor finds what was started.

use daemontools::servicedir::RUN;
use daemontools::strerr::Decimal;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::signal::{Inherited, Mask};
use daemontools::unix::{exec, process};
use daemontools::{Errno, TEMPORARY, procfs};

use super::Work;
use crate::ME;
use crate::detail::Identity;
use crate::machine::Event;
use crate::stamp;

/// What the service gets back of what supervise changed for itself.
#[derive(Debug)]
pub(crate) struct Inheritance {
    /// The mask that was inherited, with SIGCHLD let through.
    pub(crate) mask: Mask,
    /// The dispositions that were inherited.
    pub(crate) signals: Inherited,
}

impl Work {
    /// Starts the service. The child writes the record with its own pid and only then
    /// execs: killed at any moment, this supervise leaves either no process or one
    /// that its successor finds. Until the exec the child shares the lock, so that
    /// there is no successor.
    pub(super) fn start(&mut self) {
        self.files.hush();
        match process::spawn_shared(|pid| self.become_service(pid.as_raw().unsigned_abs())) {
            Ok(pid) => {
                let pid = pid.as_raw().unsigned_abs();
                // Killed before it could note that it runs.
                if self.machine.pid() != Some(pid) {
                    self.tell(Event::Started(pid, stamp::now()));
                }
                self.detail.starts += 1;
                let born = procfs::start_time(pid);
                self.detail.identity = born.map(|born| Identity { pid, born });
                self.mark_detail();
            }
            Err(error) => self.could_not_start(error),
        }
    }

    /// In the child, in the memory of this supervise, which waits: writes the record,
    /// gives back what was inherited, and execs `./run`. Gives the exit code of a
    /// child that could not.
    fn become_service(&mut self, pid: u32) -> i32 {
        self.tell(Event::Started(pid, stamp::now()));
        self.record
            .write_now(self.dir, &self.machine.status(), Monotonic::now());
        self.inheritance.signals.restore();
        self.inheritance.mask.install();
        let error = exec::alone(RUN);
        ME.fatal(&[b"unable to start ", self.dir.to_bytes(), b"/run"], error);
        TEMPORARY
    }

    fn could_not_start(&mut self, error: Errno) {
        let seconds = Decimal::new(self.machine.patience().as_secs());
        ME.warning(
            &[
                b"unable to fork for ",
                self.dir.to_bytes(),
                b", trying again after ",
                seconds.as_bytes(),
                b" s",
            ],
            error,
        );
        self.tell(Event::NotStarted);
    }
}
