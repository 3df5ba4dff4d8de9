//! Starts supervises, each with exactly what svscan inherited.

use core::ffi::CStr;
use std::os::fd::OwnedFd;

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
    /// Gives it back, in a child.
    pub(crate) fn restore(&self) {
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
    /// What services of svinit get in addition.
    pub(crate) apart: Option<Apart>,
}

/// What keeps the services of a container apart from its terminal and its standard input,
/// which are the program's or svinit's: ^C has to reach svinit alone, which stops all in
/// order.
#[derive(Debug)]
pub(crate) struct Apart {
    /// Nothing to read, if it could be opened.
    pub(crate) input: Option<OwnedFd>,
}

impl Spawner {
    /// Starts a supervise of a service, on the pipe if there is one; gives its pid. Does not
    /// wait for the exec, which may take as long as the file system of supervise takes. A
    /// child that hangs there must not keep the scan directory locked when svscan has
    /// ended, so it gives up the lock first.
    ///
    /// # Errors
    /// Those of `fork(2)`.
    pub(crate) fn start(
        &mut self,
        slot: &Slot,
        role: Role,
        is_main: bool,
        pipe: Option<&Pipe>,
    ) -> Result<u32> {
        let name = slot.name.as_c_str();
        let prefix = slot.is_prefixed() && role == Role::Log;
        let words: &[&CStr] = match role {
            Role::Service if is_main => &[c"supervise", c"--main", name],
            Role::Service => &[c"supervise", name],
            Role::Log if prefix => &[c"svprefix", name],
            Role::Log => &[c"supervise", c"log"],
        };
        let argv: Strings = words.iter().copied().collect();
        let pid = process::spawn(|| {
            self.lock.release();
            let joined = self.join(slot, role, pipe).and_then(|()| match prefix {
                // It has read nothing that it has not written: a later one goes on there.
                true => process::die_with_parent(),
                false => Ok(()),
            });
            let (what, error) = match joined {
                Err(error) => (&b"unable to set up descriptors for "[..], error),
                Ok(()) => self.become_supervise(role, name, prefix, &argv),
            };
            if !slot.exec_failure_reported() {
                let suffix = if prefix { b"" } else { role.suffix() };
                REPORTER.warning(&[what, name.to_bytes(), suffix], error);
            }
            NOT_EXECUTED
        })?;
        Ok(pid.as_raw().unsigned_abs())
    }

    /// Joins the pipe, and is kept apart, in the child.
    fn join(&self, slot: &Slot, role: Role, pipe: Option<&Pipe>) -> Result<()> {
        if let Some(apart) = &self.apart {
            process::new_group()?;
            if let Some(input) = &apart.input {
                fd::become_standard(input, 0)?;
            }
        }
        match (pipe, role) {
            (None, _) => Ok(()),
            (Some(pipe), Role::Log) => fd::become_standard(&pipe.read, 0),
            (Some(pipe), Role::Service) => {
                fd::become_standard(&pipe.write, 1)?;
                match slot.is_prefixed() {
                    true => fd::become_standard(&pipe.write, 2),
                    false => Ok(()),
                }
            }
        }
    }

    /// Execs supervise or `svprefix`, in the child. Returns what failed, and why.
    fn become_supervise(
        &self,
        role: Role,
        name: &CStr,
        prefix: bool,
        argv: &Strings,
    ) -> (&'static [u8], Errno) {
        if role == Role::Log
            && !prefix
            && let Err(error) = file::chdir(name)
        {
            return (b"unable to switch to ", error);
        }
        self.inheritance.restore();
        let what: &[u8] = match prefix {
            true => b"unable to start svprefix ",
            false => b"unable to start supervise ",
        };
        (what, pathexec::exec(argv))
    }
}
