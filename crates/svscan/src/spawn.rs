//! Starts supervises, each with exactly what svscan inherited.

use core::ffi::CStr;

use daemontools::unix::exec::Strings;
use daemontools::unix::process;
use daemontools::unix::signal::{self, Inherited, Mask, Signal};
use daemontools::unix::{fd, file, rlimit};
use daemontools::{Errno, Result, pathexec};

use crate::lock::DirectoryLock;
use crate::pipes::Pipe;
use crate::reporter::REPORTER;
use crate::slot::{Role, Slot};

/// Exit code of a child that could not exec supervise. supervise has no such code.
pub(crate) const NOT_EXECUTED: i32 = 112;

/// What svscan changed for itself and a child gets back.
#[derive(Debug)]
pub(crate) struct Inheritance {
    /// The signal mask.
    pub(crate) mask: Mask,
    /// Whether SIGCHLD was ignored.
    pub(crate) child_ignored: bool,
    /// The other dispositions.
    pub(crate) signals: Inherited,
    /// The limit on descriptors.
    pub(crate) descriptors: Option<(u64, u64)>,
}

impl Inheritance {
    fn restore(&self) {
        if let Some(limit) = self.descriptors {
            rlimit::restore_descriptors(limit);
        }
        if self.child_ignored {
            signal::ignore(Signal::SIGCHLD);
        }
        self.signals.restore();
        self.mask.install();
    }
}

/// Starts supervises.
#[derive(Debug)]
pub(crate) struct Spawner {
    pub(crate) inheritance: Inheritance,
    /// The lock of the scan directory.
    pub(crate) lock: DirectoryLock,
}

impl Spawner {
    /// Starts a supervise of a service, on the pipe if there is one; gives its pid. Does not
    /// wait for the exec, which may take as long as the file system of supervise takes. A
    /// child that hangs there must not keep the scan directory locked when svscan has
    /// ended, so it gives up the lock first.
    ///
    /// # Errors
    /// Those of `fork(2)`.
    pub(crate) fn start(&mut self, slot: &Slot, role: Role, pipe: Option<&Pipe>) -> Result<u32> {
        let name = slot.name.as_c_str();
        let word = match role {
            Role::Service => name,
            Role::Log => c"log",
        };
        let argv: Strings = [c"supervise", word].into_iter().collect();
        let pid = process::spawn(|| {
            self.lock.release();
            let (what, error) = self.become_supervise(role, name, pipe, &argv);
            if !slot.exec_failure_reported() {
                REPORTER.warning(&[what, name.to_bytes(), role.suffix()], error);
            }
            NOT_EXECUTED
        })?;
        Ok(pid.as_raw().unsigned_abs())
    }

    /// Execs supervise, in the child. Returns what failed, and why.
    fn become_supervise(
        &self,
        role: Role,
        name: &CStr,
        pipe: Option<&Pipe>,
        argv: &Strings,
    ) -> (&'static [u8], Errno) {
        let joined = match (pipe, role) {
            (None, _) => Ok(()),
            (Some(pipe), Role::Service) => fd::become_standard(&pipe.write, 1),
            (Some(pipe), Role::Log) => fd::become_standard(&pipe.read, 0),
        };
        if let Err(error) = joined {
            return (b"unable to set up descriptors for ", error);
        }
        if role == Role::Log
            && let Err(error) = file::chdir(name)
        {
            return (b"unable to switch to ", error);
        }
        self.inheritance.restore();
        (b"unable to start supervise ", pathexec::exec(argv))
    }
}
