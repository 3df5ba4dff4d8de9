//! The start of the service, as this process and as its child, which waits at a gate
//! until it is known on disk. Nothing else of supervise runs twice, and here the order of
//! things decides whether a successor finds what was started.

use std::os::fd::OwnedFd;

use daemontools::servicedir::RUN;
use daemontools::strerr::Decimal;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::process::Fork;
use daemontools::unix::signal::{self, Inherited, Mask, Signal};
use daemontools::unix::{exec, fd, process};
use daemontools::{Errno, TEMPORARY, procfs};

use super::Work;
use crate::ME;
use crate::machine::Event;
use crate::stamp;
use daemontools::servicedir::detail::MainProcess;

/// What the service gets back of what supervise changed for itself.
#[derive(Debug)]
pub(crate) struct Inheritance {
    /// The mask that was inherited, with SIGCHLD let through.
    pub(crate) mask: Mask,
    /// The dispositions that were inherited.
    pub(crate) signals: Inherited,
    /// Whether TERM was inherited at its default, and is caught.
    pub(crate) catches_term: bool,
}

impl Inheritance {
    fn restore(&self) {
        self.signals.restore();
        if self.catches_term {
            signal::default(Signal::SIGTERM);
        }
        self.mask.install();
    }
}

impl Work {
    /// Starts the service. Its process waits at a gate until the record and the detail
    /// file name it, and only then execs: killed at any moment, this supervise leaves
    /// either no process, for the gate does not open then, or one that its successor
    /// finds. Until its exec the child shares the lock, so that there is no successor
    /// before.
    ///
    /// The exec is not waited for: its file system may not answer.
    pub(super) fn start(&mut self) {
        let before = procfs::ticks_now();
        let begun = fd::pipe().and_then(|gate| process::fork().map(|fork| (gate, fork)));
        match begun {
            Ok(((wait, open), Fork::Child)) => {
                drop(open);
                process::exit_now(self.become_service(&wait))
            }
            Ok(((wait, open), Fork::Parent(pid))) => {
                drop(wait);
                let pid = pid.as_raw().unsigned_abs();
                // The kernel takes it from the same clock: mostly both looks at that show
                // the same tick, and `/proc`, which costs as much as the fork, can be left
                // alone.
                let born = match procfs::ticks_now() {
                    after if after == before => Some(after),
                    _ => procfs::start_time(pid),
                };
                self.tell(Event::Started(pid, stamp::now()));
                self.detail.starts += 1;
                self.detail.process = born.map(|start_time| MainProcess { pid, start_time });
                self.mark_detail();
                self.write_record(Monotonic::now());
                // It fails for a child that was killed meanwhile, whose end will be seen.
                let _ = fd::write(open, b"\n");
            }
            Err(error) => self.could_not_start(error),
        }
    }

    /// In the child: waits at the gate, gives back what was inherited, and execs `./run`.
    /// Gives the exit code of a child that could not.
    fn become_service(&self, gate: &OwnedFd) -> i32 {
        let mut word = [0];
        loop {
            match fd::read(gate, &mut word) {
                Ok(1..) => break,
                Err(Errno::EINTR) => {}
                // supervise was killed.
                Ok(0) | Err(_) => return TEMPORARY,
            }
        }
        self.inheritance.restore();
        let error = exec::alone(RUN);
        let what: [&[u8]; 3] = [b"unable to start ", self.dir.to_bytes(), b"/run"];
        ME.fatal(&what, error).code()
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
