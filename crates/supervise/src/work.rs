//! The loop: waits for a command, an end or a deadline, asks the machine, and does
//! what it says.

use core::ffi::CStr;

use daemontools::command::Command;
use daemontools::servicedir::RUN;
use daemontools::strerr::Decimal;
use daemontools::unix::clock::{self, Monotonic};
use daemontools::unix::poll;
use daemontools::unix::process::{self, Fork, Pid};
use daemontools::unix::signal::{Caught, Inherited, Mask, Signal};
use daemontools::unix::{exec, fd};
use daemontools::{Errno, TEMPORARY};

use crate::ME;
use crate::machine::{Action, Event, Machine};
use crate::record::{Detail, Record};
use crate::watch::Files;

/// How much is read from the control FIFO at once.
const BLOCK: usize = 512;

/// How long to pause when waiting itself fails.
const PAUSE: core::time::Duration = core::time::Duration::from_secs(1);

/// What the service gets back of what supervise changed for itself.
#[derive(Debug)]
pub(crate) struct Inheritance {
    /// The mask that was inherited, with SIGCHLD let through.
    pub(crate) mask: Mask,
    /// The dispositions that were inherited.
    pub(crate) signals: Inherited,
}

/// One service in custody.
#[derive(Debug)]
pub(crate) struct Work {
    dir: &'static CStr,
    machine: Machine,
    record: Record,
    detail: Detail,
    files: Files,
    inheritance: Inheritance,
    /// Says "look": a child has ended, or one of our files has changed.
    look: Caught,
    left: bool,
}

impl Work {
    /// Writes the first record and opens `ok`. On failure the message has been
    /// written and the exit code is given.
    pub(crate) fn new(
        dir: &'static CStr,
        machine: Machine,
        files: Files,
        inheritance: Inheritance,
        look: Caught,
    ) -> Result<Self, i32> {
        let mut work = Self {
            dir,
            machine,
            record: Record::default(),
            detail: Detail::default(),
            files,
            inheritance,
            look,
            left: false,
        };
        work.record.mark();
        work.write_record(Monotonic::now());
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
            if self.files.tend(self.dir, now) {
                self.record.lost();
                continue;
            }
            let deadline = [
                self.machine.deadline(),
                self.record.deadline(),
                self.files.deadline(),
            ];
            let deadline = deadline.into_iter().flatten().min();
            let control = [self.files.control()];
            match poll::readable(control, deadline, &self.inheritance.mask) {
                Ok([commands]) => self.wake(commands),
                Err(error) => {
                    ME.warning(&[b"unable to wait for ", self.dir.to_bytes()], error);
                    poll::pause_until(Monotonic::now() + PAUSE);
                    self.wake(true);
                }
            }
        }
    }

    /// Ends first, then commands, as the reference; then what time has brought.
    fn wake(&mut self, commands: bool) {
        if self.look.take() {
            self.files.noticed();
            while let Some((pid, end)) = process::reap() {
                if self.machine.pid() == pid.as_raw().try_into().ok() {
                    self.detail.last_end = Some(end);
                    self.record.mark_detail();
                    self.tell(Event::Ended(clock::wall()));
                }
            }
        }
        if commands {
            self.obey();
        }
        self.tell(Event::Time);
    }

    /// Reads a block of commands and obeys each, in order.
    fn obey(&mut self) {
        let mut block = [0; BLOCK];
        let count = fd::read(self.files.control(), &mut block).unwrap_or(0);
        for command in block[..count]
            .iter()
            .filter_map(|&byte| Command::from_byte(byte))
        {
            self.tell(Event::Command(command));
        }
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
                    if signal == Signal::SIGSTOP && self.record.is_stale(&self.machine.status()) {
                        self.write_record(now);
                    }
                    if let Some(pid) = self.machine.pid().and_then(|pid| pid.try_into().ok()) {
                        let _ = process::kill(Pid::from_raw(pid), signal);
                    }
                }
                Action::Record => self.record.mark(),
                Action::Leave => self.left = true,
            }
        }
    }

    fn start(&mut self) {
        match process::fork() {
            Ok(Fork::Child) => {
                self.inheritance.mask.install();
                self.inheritance.signals.restore();
                let error = exec::alone(RUN);
                ME.fatal(&[b"unable to start ", self.dir.to_bytes(), b"/run"], error);
                process::exit_now(TEMPORARY);
            }
            Ok(Fork::Parent(pid)) => {
                self.detail.starts += 1;
                self.record.mark_detail();
                let pid = pid.as_raw().unsigned_abs();
                self.tell(Event::Started(pid, clock::wall()));
            }
            Err(error) => self.could_not_start(error),
        }
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

    fn write_record(&mut self, now: Monotonic) {
        self.files.hush();
        self.record
            .write(self.dir, &self.machine.status(), &self.detail, now);
    }
}
