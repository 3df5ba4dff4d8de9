//! The loop: waits for a command, an end or a deadline, asks the machine, and has its
//! actions done, in order.

use core::time::Duration;

use daemontools::command::{Command, TAKEN_OVER};
use daemontools::servicedir::detail::{Detail, MainProcess};
use daemontools::strerr::Fatal;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::process::End;

use crate::adopt::Initial;
use crate::host::Host;
use crate::kept;
use crate::looks::Looks;
use crate::machine::{Action, Event, FinishArguments, MIN_START_INTERVAL, Machine, Report};
use crate::record::{Order, Record};

/// How much is read from the control FIFO at once.
const BLOCK: usize = 512;

/// After how long ended children are asked for again where that fails.
const REAP_RETRY: Duration = Duration::from_secs(1);

/// One service and its supervise.
#[derive(Clone, Debug)]
pub(crate) struct Supervisor<H> {
    pub(crate) host: H,
    pub(crate) machine: Machine,
    pub(crate) record: Record,
    pub(crate) detail: Detail,
    /// The end of the next wait.
    pub(crate) deadline: Option<Monotonic>,
    /// When to ask for ended children though no event tells of one.
    reap_at: Option<Monotonic>,
    /// The start that `next` in the detail file is about.
    next_at: Option<Monotonic>,
    looks: Looks,
    /// Nothing is done any more but to write the record.
    pub(crate) exited: bool,
}

impl<H: Host> Supervisor<H> {
    /// Writes the first record, opens `ok`, and starts the service if it is wanted up.
    ///
    /// # Errors
    /// `ok` could not be opened.
    pub(crate) fn begin(host: H, initial: Initial) -> Result<Self, Fatal> {
        let mut this = Self {
            host,
            machine: initial.machine,
            record: Record::default(),
            detail: initial.detail,
            deadline: None,
            reap_at: None,
            next_at: None,
            looks: Looks::default(),
            exited: false,
        };
        // The detail file can wait until the service was started.
        this.show();
        this.mark_detail();
        let (status, now) = (this.machine.status(), this.host.now());
        // What is kept there of a policy stays true. Of an end that nobody saw it is not
        // known yet what follows.
        let keeps = initial.resumes && !this.machine.unseen_end;
        if keeps && this.order() == Order::DetailFirst {
            this.record.write_detail(&mut this.host, &this.detail, now);
        }
        this.record.write_status(&mut this.host, &status, now);
        this.host.open_ok()?;
        this.tell(Event::Time);
        this.settle();
        Ok(this)
    }

    /// Keeps the service running until told to exit, or until the main service has ended
    /// for good. Returns the exit code.
    pub(crate) fn run(mut self) -> i32 {
        while !self.exited {
            self.turn();
        }
        let Some(main) = self.machine.main else {
            return 0;
        };
        if main.end_is_unknown() {
            self.host.report(None, Report::UnknownEnd);
        }
        main.exit_code()
    }

    /// Waits for an event and does all that follows. Ends are handled before commands, as
    /// in the reference, and deadlines last. Every turn asks for ended children: while
    /// there are commands to read, the kernel need not deliver the signal that tells of
    /// an end.
    pub(crate) fn turn(&mut self) {
        let commands = self.host.wait(self.deadline);
        self.reap();
        if commands {
            self.obey();
        }
        self.look();
        self.tell(Event::Time);
        self.settle();
    }

    /// Writes what is due, looks at the files, and sets the next deadline.
    fn settle(&mut self) {
        loop {
            let now = self.host.now();
            // The last write does not wait until a failed one is tried again.
            if self.record.is_due(now) || self.exited {
                self.write_record(now);
            }
            if self.exited {
                return;
            }
            if self.host.take_sigterm() {
                self.end_by_sigterm();
            }
            // A start that is due within a second is the next look at the files: no
            // notice of changes is asked for until then.
            let start = self.machine.start_at();
            let starts_soon = start.is_some_and(|at| at <= now + MIN_START_INTERVAL);
            let awaits_ready = self.machine.awaits_ready();
            if !starts_soon && self.host.maintain_files(now, awaits_ready) {
                self.record.mark_lost();
                continue;
            }
            // It may have said so before the notice was asked for.
            if self.look() {
                continue;
            }
            let files = (!starts_soon).then(|| self.host.files_deadline()).flatten();
            let looks_needed = self.machine.awaits_ready() && !self.host.gives_notice();
            let deadlines = [
                self.machine.deadline(),
                self.record.deadline(),
                files,
                self.reap_at,
                self.host.reap_deadline(),
                self.looks.next(looks_needed, now),
            ];
            self.deadline = deadlines.into_iter().flatten().min();
            return;
        }
    }

    /// Looks whether the service has said that it is ready, where it still may. True if it
    /// has.
    fn look(&mut self) -> bool {
        let ready = self.machine.awaits_ready() && self.host.is_ready();
        if ready {
            let at = self.host.stamp();
            self.tell(Event::Ready(at));
        }
        ready
    }

    /// Asks for all processes that have ended. Not all are the service.
    fn reap(&mut self) {
        self.reap_at = loop {
            match self.host.reap() {
                Ok(None) => break None,
                Ok(Some((pid, end))) if self.machine.pid() == Some(pid) => self.on_end(end),
                Ok(Some((pid, _))) if self.machine.finish.pid() == Some(pid) => {
                    self.detail.finish = None;
                    self.mark_detail();
                    self.tell(Event::FinishEnded);
                }
                Ok(Some(_)) => {}
                // No kernel does this, but a sandbox may.
                Err(_) => break Some(self.host.now() + REAP_RETRY),
            }
        };
    }

    /// The service's process has ended.
    fn on_end(&mut self, end: Option<End>) {
        self.detail.last_end = end;
        self.detail.process = None;
        let at = self.host.stamp();
        self.tell(Event::Ended(at, end));
        // A start has written it already.
        if self.machine.pid().is_none() {
            self.mark_detail();
        }
    }

    /// Reads a block of commands and obeys each, in order.
    fn obey(&mut self) {
        let mut block = [0; BLOCK];
        let count = self.host.read_control(&mut block);
        for &byte in &block[..count] {
            match Command::from_byte(byte) {
                Some(command) => self.tell(Event::Command(command)),
                None if byte == TAKEN_OVER => {
                    self.host.on_taken_over();
                    self.mark_detail();
                }
                None => {}
            }
        }
    }

    fn tell(&mut self, event: Event) {
        if self.exited {
            return;
        }
        let now = self.host.now();
        if self.machine.consults_policy(event, now) {
            let policy = self.host.read_policy();
            self.machine.set_policy(policy);
        }
        let actions = self.machine.on(event, now);
        self.host.on_event(event, actions, &self.machine);
        self.show();
        for action in actions {
            match action {
                Action::Start => {
                    // What has led to this start is kept, whatever becomes of it.
                    if self.machine.policy().is_some() {
                        self.record.write_detail(&mut self.host, &self.detail, now);
                    }
                    self.start();
                }
                Action::Finish(arguments) => self.finish(arguments),
                Action::Signal(signal) => {
                    let has_policy = self.machine.policy().is_some();
                    if self.record.is_stale(&self.machine.status(), has_policy) {
                        self.write_record(now);
                    }
                    if let Some(pid) = self.machine.pid() {
                        self.host.signal(pid, signal);
                    }
                }
                Action::Kill => {
                    if let Some(pid) = self.machine.pid().or(self.machine.finish.pid()) {
                        self.host.kill(pid);
                    }
                }
                Action::Report(report) => self.host.report(self.machine.pid(), report),
                Action::Record => self.record.mark_status(),
                Action::Exit => self.exit(),
            }
        }
    }

    /// What the detail file says about the service is as the machine has it.
    fn show(&mut self) {
        let mut detail = self.detail;
        kept::put(&self.machine, &mut detail, self.next_at, || {
            (self.host.now(), self.host.clocks().wall)
        });
        self.next_at = self.machine.start_at;
        if detail != self.detail {
            self.detail = detail;
            self.mark_detail();
        }
    }

    /// Starts the service. Its process execs only after the record and the detail file
    /// name it. So a supervise that is killed at any moment leaves either no process,
    /// since its gate stays shut, or one that the next supervise finds. Until its exec
    /// the child shares the lock, and no other supervise begins.
    ///
    /// The exec is not waited for: its file system may not answer.
    fn start(&mut self) {
        let launch = self.machine.launch();
        match self.host.fork(launch) {
            Ok(child) => {
                let at = self.host.stamp();
                self.tell(Event::Started(child.pid, at));
                self.detail.starts += 1;
                self.detail.process = child.start_time.map(|start_time| MainProcess {
                    pid: child.pid,
                    start_time,
                });
                self.mark_detail();
                self.write_record(self.host.now());
                self.host.open_gate(child.gate);
            }
            Err(error) => {
                self.host.report_fork(error, self.machine.retry_delay());
                self.tell(Event::NotStarted);
            }
        }
    }

    /// Starts `./finish`, in the same way: it execs only after the detail file names it.
    fn finish(&mut self, arguments: FinishArguments) {
        match self.host.fork_finish(arguments) {
            Ok(Some(child)) => {
                self.detail.finish = child.start_time.map(|start_time| MainProcess {
                    pid: child.pid,
                    start_time,
                });
                self.tell(Event::FinishStarted(child.pid));
                self.mark_detail();
                self.write_record(self.host.now());
                self.host.open_gate(child.gate);
            }
            Ok(None) => self.tell(Event::FinishEnded),
            Err(error) => {
                self.host.report_fork(error, self.machine.retry_delay());
                self.tell(Event::FinishNotStarted);
            }
        }
    }

    /// Nobody is in charge from now on: the next supervise starts by the `down` file.
    fn exit(&mut self) {
        self.exited = true;
        self.detail.boot = None;
        self.record.mark_detail();
    }

    /// Ends by TERM and notes in the detail file that it did. The service runs on: the
    /// next supervise adopts it, and what was wanted of it no longer counts.
    fn end_by_sigterm(&mut self) {
        self.detail.terminated = true;
        self.mark_detail();
        self.write_record(self.host.now());
        self.host.end_by_sigterm();
    }

    /// The detail file is to be written, for the record as it is now.
    fn mark_detail(&mut self) {
        self.detail.seen = Some(self.host.ticks());
        self.detail.since = Some(self.machine.status().since.label());
        self.record.mark_detail();
    }

    fn write_record(&mut self, now: Monotonic) {
        let (status, order) = (self.machine.status(), self.order());
        self.record
            .write(&mut self.host, &status, &self.detail, order, now);
    }

    /// What has followed from an end is in the detail file, so that this comes first. A
    /// start is in the record first.
    fn order(&self) -> Order {
        match (self.machine.policy(), self.machine.pid()) {
            (Some(_), None) => Order::DetailFirst,
            _ => Order::StatusFirst,
        }
    }
}
