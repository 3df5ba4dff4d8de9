//! The fork of a service. The child waits at its gate, a pipe, until supervise opens it,
//! and then execs `./run`. Nothing else of supervise runs in a child, and the child writes
//! no diagnostics.

use core::ffi::CStr;
use core::time::Duration;
use std::os::fd::OwnedFd;

use daemontools::servicedir::RUN;
use daemontools::strerr::Decimal;
use daemontools::unix::process::Fork;
use daemontools::unix::signal::{self, Inherited, Mask, Signal};
use daemontools::unix::{exec, fd, process};
use daemontools::{Errno, Result, TEMPORARY, procfs};

use crate::host::Child;
use crate::reporter::REPORTER;

/// What supervise changed for itself and gives back to the service.
#[derive(Debug)]
pub(crate) struct Inheritance {
    /// The inherited mask, with SIGCHLD let through.
    pub(crate) mask: Mask,
    /// The inherited dispositions.
    pub(crate) signals: Inherited,
    /// TERM was inherited at its default, and supervise catches it.
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

/// Makes a child that waits at its gate.
pub(super) fn fork(dir: &CStr, inheritance: &Inheritance) -> Result<Child<OwnedFd>> {
    let before = procfs::ticks_now();
    let (wait, gate) = fd::pipe()?;
    match process::fork()? {
        Fork::Child => {
            drop(gate);
            process::exit_now(become_service(dir, inheritance, &wait))
        }
        Fork::Parent(pid) => {
            let pid = pid.as_raw().unsigned_abs();
            // The kernel takes the start time from the same clock. Mostly the tick is the
            // same before and after, and `/proc`, which costs as much as the fork, need not
            // be read.
            let start_time = match procfs::ticks_now() {
                after if after == before => Some(after),
                _ => procfs::start_time(pid),
            };
            Ok(Child {
                pid,
                start_time,
                gate,
            })
        }
    }
}

/// Warns that a fork failed, and says when the next is tried.
pub(super) fn report_fork(dir: &CStr, error: Errno, retry: Duration) {
    let seconds = Decimal::new(retry.as_secs());
    let what: [&[u8]; 5] = [
        b"unable to fork for ",
        dir.to_bytes(),
        b", trying again after ",
        seconds.as_bytes(),
        b" s",
    ];
    REPORTER.warning(&what, error);
}

/// Lets a child exec. Fails for one that was killed meanwhile, whose end is seen later.
pub(super) fn open_gate(gate: &OwnedFd) {
    let _ = fd::write(gate, b"\n");
}

/// In the child: waits at the gate, restores what was inherited, and execs `./run`.
/// Returns the exit code of a child that could not.
fn become_service(dir: &CStr, inheritance: &Inheritance, gate: &OwnedFd) -> i32 {
    let mut word = [0];
    loop {
        match fd::read(gate, &mut word) {
            Ok(1..) => break,
            Err(Errno::EINTR) => {}
            // supervise was killed.
            Ok(0) | Err(_) => return TEMPORARY,
        }
    }
    inheritance.restore();
    let error = exec::alone(RUN);
    let what: [&[u8]; 3] = [b"unable to start ", dir.to_bytes(), b"/run"];
    REPORTER.fatal(&what, error).code()
}
