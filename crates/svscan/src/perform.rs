//! Performs the actions that the slots ask for.

use daemontools::Errno;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::file;
use daemontools::unix::process::{self, Pid};
use daemontools::unix::signal::Signal;
use log::debug;

use crate::control::{self, DOWN_AND_EXIT, EXIT};
use crate::label::Label;
use crate::pipes::Pipe;
use crate::services::{Services, log_exists};
use crate::shutdown::Shutdown;
use crate::slot::{Action, PACE, PipeId, Role, StopReason};
use crate::spare::Spare;
use crate::spawn::Spawner;

/// What a pass over the table has found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pass {
    /// The time of the next pass, if one is due without another event.
    pub(crate) next: Option<Monotonic>,
    /// A name no longer leads to its service: the scan directory has to be read.
    pub(crate) name_lost: bool,
}

/// Whether a service's next action may follow at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    Failed,
}

/// A pass over the table: every service, every action that is due.
#[derive(Debug)]
pub(crate) struct Performer<'a> {
    pub(crate) services: &'a mut Services,
    pub(crate) spawner: &'a mut Spawner,
    pub(crate) spare: &'a mut Spare,
    pub(crate) shutdown: Shutdown,
}

impl Performer<'_> {
    /// Performs for every service what is due now.
    pub(crate) fn pass(&mut self) -> Pass {
        let mut pass = Pass::default();
        let now = Monotonic::now();
        for number in 0..self.services.table.len() {
            let deadline = match self.services.table[number].takeover_pending {
                true if !self.shutdown.is_begun() => Some(now + PACE),
                _ => {
                    pass.name_lost |= !self.act(number, now);
                    self.services.table[number].deadline(now)
                }
            };
            pass.next = [pass.next, deadline].into_iter().flatten().min();
        }
        pass
    }

    /// Performs for one service what is due at `now`. False if its name no longer leads to
    /// it: it may have another name now.
    fn act(&mut self, number: usize, now: Monotonic) -> bool {
        let mut checked = false;
        while let Some(action) = self.services.table[number].next_action(now) {
            let needs_name = !matches!(
                action,
                Action::Stop(_, StopReason::Shutdown) | Action::ClosePipe(_)
            );
            if needs_name && !checked {
                if !self.is_in_place(number) {
                    debug!(
                        "{:?}: leads elsewhere now",
                        self.services.table[number].name
                    );
                    self.services.table[number].listed = false;
                    return false;
                }
                checked = true;
            }
            let outcome = match action {
                Action::MakePipe => self.make_pipe(number),
                Action::ClosePipe(pipe) => self.close_pipe(number, pipe),
                Action::Start(role) => self.start(number, role),
                Action::Stop(role, reason) => self.stop(number, role, reason),
                Action::Inspect => self.inspect(number),
            };
            if outcome == Outcome::Failed {
                break;
            }
        }
        true
    }

    /// Whether a service's name leads to it.
    fn is_in_place(&self, number: usize) -> bool {
        let slot = &self.services.table[number];
        file::stat(&slot.name).is_ok_and(|facts| facts.identity == slot.identity)
    }

    fn make_pipe(&mut self, number: usize) -> Outcome {
        let make = match self.services.table[number].is_prefixed() {
            true => Pipe::for_all,
            false => Pipe::new,
        };
        let pipe = self.spare.attempt(|_| make());
        match pipe.and_then(|pipe| self.services.set_pipe(number, pipe)) {
            Ok(()) => {
                debug!("{:?}: pipe made", self.services.table[number].name);
                Outcome::Done
            }
            Err(error) => self.fail(number, Role::Service, b"unable to create pipe for ", error),
        }
    }

    fn close_pipe(&mut self, number: usize, pipe: PipeId) -> Outcome {
        debug!("{:?}: pipe closed", self.services.table[number].name);
        self.services.pipes.close(pipe);
        self.services.table[number].pipe_closed();
        Outcome::Done
    }

    fn start(&mut self, number: usize, role: Role) -> Outcome {
        let slot = &self.services.table[number];
        let pipe = slot.pipe().and_then(|id| self.services.pipes.get(id));
        let is_main = self.services.mains.contains(&slot.name);
        match self.spawner.start(slot, role, is_main, pipe) {
            Ok(pid) => {
                debug!("{}: supervise started, pid {pid}", Label::new(slot, role));
                self.services.table[number].started(role, pid, Monotonic::now());
            }
            Err(error) => {
                self.fail(number, role, b"unable to fork for ", error);
            }
        }
        // The other supervise may be startable: each has its own time.
        Outcome::Done
    }

    fn stop(&mut self, number: usize, role: Role, reason: StopReason) -> Outcome {
        let slot = &self.services.table[number];
        let Some(pid) = slot.pid(role) else {
            return Outcome::Failed;
        };
        if slot.is_prefixed() && role == Role::Log {
            return self.stop_prefix(number, pid, reason);
        }
        let has_log = || log_exists(&slot.name) == Ok(true);
        let told = match reason {
            StopReason::JoinLogger => control::send(&slot.name, DOWN_AND_EXIT),
            StopReason::Replaced if role == Role::Service || has_log() => {
                control::send_to_process(pid, DOWN_AND_EXIT)
            }
            // No logger follows: the old one may read the pipe to its end.
            StopReason::Replaced => {
                let told = control::send_to_process(pid, EXIT);
                if told.is_ok() {
                    let label = Label::new(slot, role);
                    debug!(
                        "{label}: supervise {pid} is not counted any more, its logger reads to the end"
                    );
                    self.services.table[number].inspected(false, Monotonic::now());
                    return Outcome::Done;
                }
                told
            }
            StopReason::Shutdown => self.shutdown.tell(slot, role, pid),
        };
        let label = Label::new(slot, role);
        debug!("{label}: tells supervise {pid} to exit ({reason:?}): {told:?}");
        match told {
            Ok(()) => {
                self.services.table[number].stop_sent(role);
                Outcome::Done
            }
            // It may have been started just now: reported only at the second request.
            Err(_) if reason == StopReason::Shutdown && !self.shutdown.is_repeated() => {
                Outcome::Failed
            }
            Err(error) => self.fail(number, role, b"unable to control ", error),
        }
    }

    /// A svprefix ends when the last writer has closed the pipe. One that serves a directory
    /// that was made again goes on.
    fn stop_prefix(&mut self, number: usize, pid: u32, reason: StopReason) -> Outcome {
        let slot = &mut self.services.table[number];
        if reason == StopReason::Replaced {
            slot.inspected(true, Monotonic::now());
            return Outcome::Done;
        }
        if self.shutdown.hurries_loggers() {
            let _ = process::kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL);
        }
        slot.stop_sent(Role::Log);
        Outcome::Done
    }

    /// Both supervises of a removed directory have ended: looks at the new one.
    fn inspect(&mut self, number: usize) -> Outcome {
        let name = &self.services.table[number].name;
        let logged = self.services.table[number].is_prefixed() || log_exists(name) == Ok(true);
        debug!("{name:?}: starts in the new directory, has a logger: {logged}");
        self.services.table[number].inspected(logged, Monotonic::now());
        // What is due now may be later than the beginning of this pass.
        self.services.pass_due = true;
        Outcome::Done
    }

    /// Reports a failure, unless it has been reported, and puts the action off.
    fn fail(&mut self, number: usize, role: Role, what: &[u8], error: Errno) -> Outcome {
        self.services.report(number, what, role, error);
        self.services.table[number].failed(role, Monotonic::now());
        Outcome::Failed
    }
}
