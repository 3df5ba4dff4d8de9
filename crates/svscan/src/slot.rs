//! One service in the table: what is known of it and of its two supervises, and how that
//! changes when one of them starts or ends. [`Slot::next_action`] says what is to be done
//! (`due`); `phase` changes a running service, `stop` ends it with svscan. No I/O and no
//! descriptors: the caller performs the action and reports the result.

mod action;
mod due;
mod exit;
mod phase;
mod stop;
mod supervise;
#[cfg(test)]
mod tests;

use std::ffi::CString;

use daemontools::unix::clock::Monotonic;
use daemontools::unix::file::Identity;

use phase::Phase;
use supervise::Supervise;

pub(crate) use action::{Action, Logger, PipeId, Role, StopReason};
pub(crate) use exit::Exit;
pub(crate) use supervise::PACE;

/// A service.
#[derive(Debug)]
pub(crate) struct Slot {
    /// Its directory.
    pub(crate) identity: Identity,
    /// The name in the scan directory by which it was last found.
    pub(crate) name: CString,
    /// What reads its output.
    pub(crate) logger: Logger,
    /// The scan directory led to it when it was last read.
    pub(crate) listed: bool,
    /// The scan that is under way has found it.
    pub(crate) met: bool,
    /// Its name is a symbolic link, which may lead elsewhere without a change in the scan
    /// directory.
    pub(crate) is_link: bool,
    /// Supervises that another svscan started may run for it: nothing is started until
    /// that is known.
    pub(crate) takeover_pending: bool,
    /// Its current failure has been reported; it is not reported again.
    failure_reported: bool,
    /// The failed exec of its supervise has been reported; the next children are silent.
    exec_failure_reported: bool,
    service: Supervise,
    log: Supervise,
    pipe: Option<PipeId>,
    phase: Phase,
}

impl Slot {
    /// A service that is to be started at once.
    pub(crate) const fn new(identity: Identity, name: CString, now: Monotonic) -> Self {
        Self {
            identity,
            name,
            logger: Logger::None,
            listed: true,
            met: true,
            is_link: false,
            takeover_pending: true,
            failure_reported: false,
            exec_failure_reported: false,
            service: Supervise::new(now),
            log: Supervise::new(now),
            pipe: None,
            phase: Phase::Steady,
        }
    }

    const fn supervise(&self, role: Role) -> &Supervise {
        match role {
            Role::Service => &self.service,
            Role::Log => &self.log,
        }
    }

    const fn supervise_mut(&mut self, role: Role) -> &mut Supervise {
        match role {
            Role::Service => &mut self.service,
            Role::Log => &mut self.log,
        }
    }

    /// The process of a supervise, if it runs.
    pub(crate) fn pid(&self, role: Role) -> Option<u32> {
        self.supervise(role).pid()
    }

    /// When a supervise is started next, if it does not run and does not wait for a scan.
    pub(crate) fn next_start(&self, role: Role) -> Option<Monotonic> {
        self.supervise(role).next_start()
    }

    /// Whether neither supervise runs.
    pub(crate) const fn is_idle(&self) -> bool {
        !self.service.is_running() && !self.log.is_running()
    }

    /// Whether it has a logger, and so a pipe.
    pub(crate) fn is_logged(&self) -> bool {
        self.logger != Logger::None
    }

    /// Whether its logger is a `svprefix`.
    pub(crate) fn is_prefixed(&self) -> bool {
        self.logger == Logger::Prefix
    }

    /// The pipe to its logger.
    pub(crate) const fn pipe(&self) -> Option<PipeId> {
        self.pipe
    }

    /// Whether a failed exec has been reported and no supervise has run since.
    pub(crate) const fn exec_failure_reported(&self) -> bool {
        self.exec_failure_reported
    }

    /// Its pipe is now `pipe`. Gives the previous one, which is to be closed.
    #[must_use]
    pub(crate) const fn set_pipe(&mut self, pipe: PipeId) -> Option<PipeId> {
        self.pipe.replace(pipe)
    }

    /// The pipe was closed.
    pub(crate) const fn pipe_closed(&mut self) {
        self.pipe = None;
    }

    /// A supervise was started.
    pub(crate) const fn started(&mut self, role: Role, pid: u32, now: Monotonic) {
        self.supervise_mut(role).started(pid, now);
        self.failure_reported = false;
    }

    /// A running supervise was taken over. The time of its start is unknown: once it ends it
    /// may be started at once.
    pub(crate) fn taken_over(&mut self, role: Role, pid: u32, now: Monotonic) {
        self.started(role, pid, now.before(PACE));
    }

    /// A supervise that was taken over belongs to another service.
    pub(crate) const fn give_back(&mut self, role: Role, now: Monotonic) {
        self.supervise_mut(role).forget(now);
    }

    /// Whether a supervise was started less than [`PACE`] ago and may be about to fail.
    pub(crate) fn is_young(&self, role: Role, now: Monotonic) -> bool {
        self.supervise(role).is_young(now)
    }

    /// An action failed: it is tried again after [`PACE`].
    pub(crate) fn failed(&mut self, role: Role, now: Monotonic) {
        self.supervise_mut(role).failed(now);
    }

    /// Whether a failure is to be reported now: it was not reported since the last success.
    pub(crate) const fn must_report(&mut self) -> bool {
        !core::mem::replace(&mut self.failure_reported, true)
    }

    /// A supervise has ended. One that exited on a command that svscan has not sent waits for
    /// the next scan, as in the reference. Any other is started at once or, if it ran for less
    /// than [`PACE`], when that has passed since its start.
    pub(crate) fn ended(&mut self, role: Role, exit: Exit, now: Monotonic) {
        let by_svscan = self.is_stopping() || self.supervise(role).stop_sent;
        let waits_for_scan = exit == Exit::OnCommand && !by_svscan;
        let ran = self.supervise_mut(role).ended(waits_for_scan, now);
        if exit == Exit::NotExecuted || ran {
            self.exec_failure_reported = exit == Exit::NotExecuted;
        }
        if exit == Exit::Refused {
            self.takeover_pending = true;
        }
    }

    /// A scan is under way: a supervise that waits for it is due now. Says whether one is.
    pub(crate) fn scanned(&mut self, now: Monotonic) -> bool {
        let mut due = false;
        for role in Role::BOTH {
            let supervise = self.supervise_mut(role);
            if supervise.waits_for_scan {
                supervise.due_at(now);
                due = true;
            }
        }
        due
    }
}
