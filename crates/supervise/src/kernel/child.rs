//! The fork of a service or of `./finish`. The child waits at its gate, a pipe, until
//! supervise opens it, and then execs its program. Nothing else of supervise runs in a
//! child, and the child writes no diagnostics.

use core::ffi::CStr;
use core::time::Duration;
use std::os::fd::OwnedFd;

use daemontools::buffer::Path;
use daemontools::servicedir::{FINISH, READY, RUN};
use daemontools::strerr::Decimal;
use daemontools::unix::process::{End, Fork};
use daemontools::unix::signal::{self, Inherited, Mask, Signal};
use daemontools::unix::{exec, fd, process};
use daemontools::{Errno, Result, TEMPORARY, procfs};

use super::ready;
use crate::host::Child;
use crate::machine::{FinishArguments, Launch, Next};
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

/// What a child execs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Program {
    Run(Launch),
    Finish(FinishArguments),
}

/// Makes a child that waits at its gate.
pub(super) fn fork(
    dir: &CStr,
    inheritance: &Inheritance,
    program: Program,
) -> Result<Child<OwnedFd>> {
    let before = procfs::ticks_now();
    let (wait, gate) = fd::pipe()?;
    match process::fork()? {
        Fork::Child => {
            drop(gate);
            process::exit_now(become_program(dir, inheritance, program, &wait))
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

/// In the child: waits at the gate, restores what was inherited, and execs the program.
/// Returns the exit code of a child that could not.
fn become_program(dir: &CStr, inheritance: &Inheritance, program: Program, gate: &OwnedFd) -> i32 {
    let mut word = [0];
    loop {
        match fd::read(gate, &mut word) {
            Ok(1..) => break,
            Err(Errno::EINTR) => {}
            // supervise was killed.
            Ok(0) | Err(_) => return TEMPORARY,
        }
    }
    match program {
        Program::Run(launch) => become_service(dir, inheritance, launch),
        Program::Finish(arguments) => become_finish(dir, inheritance, arguments),
    }
}

fn become_service(dir: &CStr, inheritance: &Inheritance, launch: Launch) -> i32 {
    if launch.own_session {
        // The child leads neither a session nor a group.
        let _ = process::new_session();
    }
    let ready = match launch.ready_fd.map(|number| (ready::make(), number)) {
        None => None,
        Some((Ok(file), number)) => Some((file, i32::from(number))),
        Some((Err(error), _)) => {
            let what: [&[u8]; 4] = [b"unable to make ", dir.to_bytes(), b"/", READY.to_bytes()];
            return REPORTER.fatal(&what, error).code();
        }
    };
    inheritance.restore();
    match ready {
        None => report_run(dir, exec::alone(RUN)),
        Some(given) => exec::alone_with_descriptor(RUN, given, dir, report_run),
    }
}

fn report_run(dir: &CStr, error: Errno) -> i32 {
    let what: [&[u8]; 3] = [b"unable to start ", dir.to_bytes(), b"/run"];
    REPORTER.fatal(&what, error).code()
}

fn become_finish(dir: &CStr, inheritance: &Inheritance, arguments: FinishArguments) -> i32 {
    let _ = process::new_session();
    inheritance.restore();
    let (code, signal) = match arguments.end {
        Some(End::Exited(code)) => (Some(code), 0),
        Some(End::Killed(signal)) => (None, signal),
        None => (None, 0),
    };
    let number = |number: i32| {
        let number = Decimal::new(u64::from(number.unsigned_abs()));
        Path::<24>::new(&[number.as_bytes()]).unwrap_or_default()
    };
    let code = code.map(number);
    let code = code.as_ref().map_or(c"-1", Path::as_c_str);
    let next = match arguments.next {
        Next::Restart => c"restart",
        Next::Down => c"down",
        Next::Finished => c"finished",
        Next::Failed => c"failed",
    };
    let error = exec::with_arguments(FINISH, [code, number(signal).as_c_str(), next]);
    let what: [&[u8]; 3] = [b"unable to start ", dir.to_bytes(), b"/finish"];
    REPORTER.fatal(&what, error).code()
}
