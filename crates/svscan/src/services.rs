//! The services: the table, the pipes, and the names that lead to none. Takes in new
//! directories and reports failures; [`crate::perform`] starts and stops the supervises.

use core::ffi::CStr;

use daemontools::unix::clock::Monotonic;
use daemontools::unix::file::{self, Identity, Kind};
use daemontools::{Errno, Result};
use log::debug;

use crate::label::{Label, NextStart};
use crate::main_end::Mains;
use crate::path::Path;
use crate::pipes::{Pipe, Pipes};
use crate::reporter::REPORTER;
use crate::slot::{Logger, Role};
use crate::table::{Ended, Table};
use crate::unusable::UnusableNames;
use crate::{control, record};

/// The services of the scan directory.
#[derive(Debug, Default)]
pub(crate) struct Services {
    pub(crate) table: Table,
    pub(crate) pipes: Pipes,
    pub(crate) unusable: UnusableNames,
    /// svinit's main services and program.
    pub(crate) mains: Mains,
    /// A service without a logger gets a `svprefix`.
    pub(crate) prefixes: bool,
    /// Something was found or has ended: a pass over the table is due.
    pub(crate) pass_due: bool,
    /// The absence of `/proc` has been reported.
    proc_reported: bool,
}

impl Services {
    /// Takes in a directory that is new, to be started in the next pass: a fork makes the
    /// kernel copy each page that is written to after it, so all writes come first. `before`
    /// is the number of services before the scan: only those may have been replaced.
    pub(crate) fn admit(&mut self, name: &CStr, identity: Identity, before: usize) {
        self.pass_due = true;
        if let Some(old) = self.table.find_running(name, before)
            && self.stop_removed(old)
        {
            debug!("{name:?}: its directory was removed and made again, stops the old one");
            self.table.replace(old, identity);
            self.table[old].is_link = is_link(name);
            return;
        }
        let logged = match log_exists(name) {
            Ok(logged) => logged,
            Err(error) => return self.unusable.add(name, Role::Log.suffix(), Some(error)),
        };
        match self.table.insert(name, identity, Monotonic::now()) {
            Ok(number) => {
                debug!("{name:?}: new service, has a logger: {logged}");
                let slot = &mut self.table[number];
                slot.is_link = is_link(name);
                slot.logger = match logged {
                    true => Logger::Supervised,
                    false if self.prefixes => Logger::Prefix,
                    false => Logger::None,
                };
                self.unusable.remove(name);
            }
            Err(error) => self.unusable.add(name, b"", Some(error)),
        }
    }

    /// If the directory of the service `old` was removed, tells its supervise to exit:
    /// another directory has its name now. Otherwise the old service is not disturbed.
    fn stop_removed(&mut self, old: usize) -> bool {
        let service = self.table[old].pid(Role::Service);
        let Some(pid) = service.or_else(|| self.table[old].pid(Role::Log)) else {
            return false;
        };
        match control::is_directory_removed(pid) {
            Ok(false) => false,
            Ok(true) if service.is_none() => true,
            Ok(true) => control::send_to_process(pid, control::DOWN_AND_EXIT).is_ok(),
            Err(error) => {
                if file::stat(c"/proc/self").is_err() && !self.proc_reported {
                    self.proc_reported = true;
                    REPORTER.warning(
                        &[b"unable to see whether a directory was removed and made again: /proc"],
                        error,
                    );
                }
                false
            }
        }
    }

    /// Gives a logger to a service that runs without one, with a pipe between them. The
    /// service's supervise has to be started again on the pipe, and brings the service up:
    /// so only where it is up and wanted up, and otherwise at a later scan.
    pub(crate) fn add_log(&mut self, number: usize, name: &CStr) {
        if !self.table[number].could_join() || !record::is_plainly_up(name) {
            debug!("{name:?}: has a logger now, which waits until the service is up");
            return;
        }
        if let Ok(pipe) = Pipe::new().and_then(|pipe| self.pipes.add(pipe)) {
            debug!("{name:?}: has a logger now, starts it on a new pipe");
            self.table[number].join(pipe, Monotonic::now());
            self.pass_due = true;
        }
    }

    /// Gives a service this pipe instead of the one that it may have.
    ///
    /// # Errors
    /// ENOMEM.
    pub(crate) fn set_pipe(&mut self, number: usize, pipe: Pipe) -> Result<()> {
        let id = self.pipes.add(pipe)?;
        if let Some(previous) = self.table[number].set_pipe(id) {
            self.pipes.close(previous);
        }
        Ok(())
    }

    /// Supervises have ended; `ends` are sorted by pid.
    pub(crate) fn ended(&mut self, ends: &[Ended]) {
        self.pass_due = true;
        let now = Monotonic::now();
        for ended in ends {
            self.mains.child_ended(ended.pid, ended.end);
        }
        let mains = &mut self.mains;
        self.table.ended(ends, now, |slot, role, ended| {
            if role == Role::Service && mains.contains(&slot.name) {
                mains.supervise_ended(&slot.name, ended.end);
            }
            let (label, Ended { pid, exit, .. }) = (Label::new(slot, role), ended);
            let next = NextStart::new(slot, role, now);
            debug!("{label}: supervise {pid} {exit}; {next}");
        });
    }

    /// Reports a failure of a service, unless one has been reported since the last success.
    pub(crate) fn report(&mut self, number: usize, what: &[u8], role: Role, error: Errno) {
        let slot = &mut self.table[number];
        let what_failed = what.escape_ascii();
        debug!("{}: {what_failed}it: {error}", Label::new(slot, role));
        if slot.must_report() {
            REPORTER.warning(&[what, slot.name.to_bytes(), role.suffix()], error);
        }
    }
}

/// Whether a service's directory has a `log`, of whatever type.
///
/// # Errors
/// Those of `stat(2)` and of joining the path, but for ENOENT.
pub(crate) fn log_exists(name: &CStr) -> Result<bool> {
    let log = Path::new(&[name.to_bytes(), Role::Log.suffix()])?;
    match file::stat(log.as_c_str()) {
        Ok(_) => Ok(true),
        Err(Errno::ENOENT) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether a name is a symbolic link.
pub(crate) fn is_link(name: &CStr) -> bool {
    file::lstat(name).is_ok_and(|facts| facts.kind == Kind::Link)
}
