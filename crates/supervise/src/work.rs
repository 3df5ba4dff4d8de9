//! The loop: waits for a command, an end or a deadline, asks the machine, and does
//! what it says.

mod start;

use core::ffi::CStr;
use std::os::fd::{AsFd, OwnedFd};

use daemontools::command::{Command, TAKEN_OVER};
use daemontools::procfs;
use daemontools::strerr::Fatal;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::poll;
use daemontools::unix::process::{self, End, Pid};
use daemontools::unix::signal::{self, Caught, Signal};
use daemontools::unix::{fd, pidfd};

use crate::ME;
use crate::adopt::Alive;
use crate::machine::{Action, Event, Machine, PACE};
use crate::record::Record;
use crate::stamp;
use crate::verdict::Here;
use crate::watch::Files;
use daemontools::servicedir::detail::{Detail, MainProcess};

pub(crate) use start::Inheritance;

/// How much is read from the control FIFO at once.
const BLOCK: usize = 512;

/// How long to pause when waiting itself fails.
const PAUSE: core::time::Duration = core::time::Duration::from_secs(1);

/// Where this supervise begins: at a start, or where another was killed.
#[derive(Debug)]
pub(crate) struct Custody {
    pub(crate) machine: Machine,
    pub(crate) adopted: Option<Alive>,
    pub(crate) starts: u64,
    pub(crate) last_end: Option<End>,
    pub(crate) here: Here,
}

/// The signals that tell supervise something.
#[derive(Debug)]
pub(crate) struct Signals {
    /// Says "look": a child has ended, or one of our files has changed.
    pub(crate) look: Caught,
    /// Says "end"; `None` where it was inherited as ignored.
    pub(crate) terminated: Option<Caught>,
}

/// One service in custody.
#[derive(Debug)]
pub(crate) struct Work {
    dir: &'static CStr,
    machine: Machine,
    /// The service's process while it is no child of ours.
    adopted: Option<OwnedFd>,
    record: Record,
    detail: Detail,
    files: Files,
    inheritance: Inheritance,
    signals: Signals,
    /// When to look for ended children though nothing says that there are any.
    reap_again: Option<Monotonic>,
    left: bool,
}

impl Work {
    /// Writes the first record and opens `ok`.
    pub(crate) fn new(
        dir: &'static CStr,
        custody: Custody,
        files: Files,
        inheritance: Inheritance,
        signals: Signals,
    ) -> Result<Self, Fatal> {
        let mut work = Self {
            dir,
            machine: custody.machine,
            adopted: None,
            record: Record::default(),
            detail: Detail {
                starts: custody.starts,
                last_end: custody.last_end,
                boot: custody.here.boot,
                init: custody.here.init,
                directory: Some(custody.here.directory),
                ..Detail::default()
            },
            files,
            inheritance,
            signals,
            reap_again: None,
            left: false,
        };
        if let (Some(alive), Some(pid)) = (custody.adopted, work.machine.pid()) {
            work.detail.process = Some(MainProcess {
                pid,
                start_time: alive.born,
            });
            work.adopted = Some(alive.process);
        }
        // The detail file can wait until the service has been started.
        work.mark_detail();
        let (status, now) = (work.machine.status(), Monotonic::now());
        work.record.write_status(dir, &status, now);
        work.files.open_ok(dir)?;
        Ok(work)
    }

    /// Keeps the service running until told to leave. Gives the exit code.
    pub(crate) fn run(mut self) -> i32 {
        self.tell(Event::Time);
        loop {
            let now = Monotonic::now();
            if self.record.is_due(now) {
                self.write_record(now);
            }
            if self.left {
                return 0;
            }
            if self.is_terminated() {
                self.end();
            }
            // A start that waits for its second is the next look at the files: no notice
            // is asked for until then.
            let starts = self.machine.deadline();
            let starts_soon = starts.is_some_and(|at| at <= now + PACE);
            if !starts_soon && self.files.tend(self.dir, now) {
                self.record.lost();
                continue;
            }
            let files = (!starts_soon).then(|| self.files.deadline()).flatten();
            let deadline = [starts, self.record.deadline(), files, self.reap_again];
            let deadline = deadline.into_iter().flatten().min();
            match self.wait(deadline) {
                Ok((commands, ended)) => self.wake(commands, ended),
                Err(error) => {
                    ME.warning(&[b"unable to wait for ", self.dir.to_bytes()], error);
                    poll::pause_until(Monotonic::now() + PAUSE);
                    self.wake(true, false);
                }
            }
        }
    }

    /// The one place where supervise waits. Says whether there are commands, and
    /// whether the process that is no child of ours has ended.
    fn wait(&self, deadline: Option<Monotonic>) -> daemontools::Result<(bool, bool)> {
        let adopted = self.adopted.as_ref().map(AsFd::as_fd);
        let fds = [Some(self.files.control()), adopted];
        let [commands, ended] = poll::readable(fds, deadline, &self.inheritance.mask)?;
        Ok((commands, ended))
    }

    /// Ends first, then commands, as the reference; then what time has brought. Ends are
    /// looked for at every wake-up: where there is a command to read, the kernel need not
    /// deliver the signal that tells of an end.
    fn wake(&mut self, commands: bool, adopted_ended: bool) {
        if self.signals.look.take() {
            self.files.noticed(Monotonic::now());
        }
        self.reap();
        if adopted_ended && self.adopted.is_some() {
            self.ended(None);
        }
        if commands {
            self.obey();
        }
        self.tell(Event::Time);
    }

    /// Takes in all children that have ended, also those that are not the service.
    fn reap(&mut self) {
        self.reap_again = loop {
            match process::reap() {
                Ok(None) => break None,
                Ok(Some((pid, end))) if self.machine.pid() == pid.as_raw().try_into().ok() => {
                    self.ended(Some(end));
                }
                Ok(Some(_)) => {}
                // No kernel does this, but a sandbox may.
                Err(_) => break Some(Monotonic::now() + PAUSE),
            }
        };
    }

    /// The service's process has ended; how, is known of a child only.
    fn ended(&mut self, end: Option<End>) {
        self.adopted = None;
        self.detail.last_end = end;
        self.detail.process = None;
        self.tell(Event::Ended(stamp::now()));
        self.mark_detail();
    }

    /// The detail file is to be written, for the record as it is now.
    fn mark_detail(&mut self) {
        self.detail.seen = Some(procfs::ticks_now());
        self.detail.since = Some(self.machine.status().since.label());
        self.record.mark_detail();
    }

    /// Reads a block of commands and obeys each, in order.
    fn obey(&mut self) {
        let mut block = [0; BLOCK];
        let count = fd::read(self.files.control(), &mut block).unwrap_or(0);
        for &byte in &block[..count] {
            match Command::from_byte(byte) {
                Some(command) => self.tell(Event::Command(command)),
                None if byte == TAKEN_OVER => self.mark_detail(),
                None => {}
            }
        }
    }

    fn is_terminated(&self) -> bool {
        let terminated = self.signals.terminated.as_ref();
        terminated.is_some_and(Caught::take)
    }

    /// Ends by TERM as it was told to, and notes that it was. The service runs on: a
    /// later supervise takes it over, and what was wanted of it no longer counts.
    fn end(&mut self) {
        self.detail.terminated = true;
        self.mark_detail();
        self.write_record(Monotonic::now());
        signal::end_by(Signal::SIGTERM);
    }

    fn tell(&mut self, event: Event) {
        if self.left {
            return;
        }
        let now = Monotonic::now();
        for action in self.machine.on(event, now) {
            match action {
                Action::Start => self.start(),
                Action::Signal(signal) => {
                    if self.record.is_stale(&self.machine.status()) {
                        self.write_record(now);
                    }
                    self.signal(signal);
                }
                Action::Record => self.record.mark(),
                Action::Leave => self.leave(),
            }
        }
    }

    /// Reaches the service's process and nothing else; one that has just ended
    /// needs no signal.
    fn signal(&self, signal: Signal) {
        let _ = match (&self.adopted, self.machine.pid().map(i32::try_from)) {
            (Some(process), _) => pidfd::send(process, signal),
            (None, Some(Ok(pid))) => process::kill(Pid::from_raw(pid), signal),
            (None, _) => Ok(()),
        };
    }

    /// Nobody is in charge from now on: a later supervise begins anew.
    fn leave(&mut self) {
        self.left = true;
        self.detail.boot = None;
        self.record.mark_detail();
    }

    fn write_record(&mut self, now: Monotonic) {
        if self.record.makes_names() {
            self.files.hush();
        }
        self.record
            .write(self.dir, &self.machine.status(), &self.detail, now);
    }
}
