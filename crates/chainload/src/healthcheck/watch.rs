//! The process that stays behind: runs the checks, tells supervise, ends a program that
//! does not answer, and ends with the program.

use core::time::Duration;
use std::os::fd::OwnedFd;

use daemontools::unix::clock::Monotonic;
use daemontools::unix::signal::{Caught, Mask, Signal};
use daemontools::unix::{companion, fd, file, poll};
use daemontools::{Errno, servicedir};

use super::check::{Check, Words};
use super::machine::{Action, GRACE, Machine, Readiness, Settings};
use super::outcome::{Outcome, Which};
use super::reporter::ME;
use crate::label::Label;
use crate::program::{Id, Program};

/// How long after a newline could not be written it is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// What there is to know.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) program: Id,
    pub(super) label: Label,
    pub(super) ready: Option<Words>,
    pub(super) alive: Option<Words>,
    pub(super) settings: Settings,
}

/// Given are the descriptor for supervise, if it is open, and the program's pidfd.
pub(super) fn watch([ready, pidfd]: [Option<OwnedFd>; 2], plan: Plan) -> i32 {
    let readiness = match &ready {
        _ if plan.ready.is_some() => Readiness::Check,
        Some(ready) if is_supervises(ready) => Readiness::Word,
        _ => Readiness::Start,
    };
    let Ok(_child_ended) = Caught::new(Signal::SIGCHLD) else {
        return 0;
    };
    let mask = Mask::block(&[Signal::SIGCHLD]);
    let mut watcher = Watcher {
        machine: Machine::new(plan.settings, readiness, Monotonic::now()),
        program: Program::new(plan.program, pidfd),
        plan,
        ready,
        due: None,
        check: None,
        mask,
    };
    watcher.run();
    0
}

struct Watcher {
    machine: Machine,
    program: Program,
    plan: Plan,
    /// The descriptor for supervise, until it is told.
    ready: Option<OwnedFd>,
    /// When supervise has to be told.
    due: Option<Monotonic>,
    check: Option<Check>,
    /// The signal mask of the program.
    mask: Mask,
}

impl Watcher {
    fn run(&mut self) {
        let while_waiting = self.mask.without(&[Signal::SIGCHLD]);
        while !self.program.has_ended() {
            let now = Monotonic::now();
            let is_due = |deadline: Option<Monotonic>| deadline.is_some_and(|at| at <= now);
            if is_due(self.due) {
                self.tell();
            } else if let Some(outcome) = self.check.as_ref().and_then(Check::outcome) {
                self.check = None;
                let stopped = self.program.is_stopped();
                let action = self.machine.ended(outcome, now, stopped);
                self.perform(action);
            } else if is_due(self.machine.deadline()) && self.machine.awaits_word() {
                let told = self.ready.as_ref().is_some_and(has_word);
                self.machine.word(told, now);
            } else if is_due(self.machine.deadline()) {
                let action = self.machine.time(now, self.program.is_stopped());
                self.perform(action);
            } else {
                if self.machine.is_over() && self.due.is_none() {
                    // Nothing will be done or said any more.
                    return;
                }
                let deadline = [self.due, self.machine.deadline()]
                    .into_iter()
                    .flatten()
                    .min();
                let deadline = self.program.look_at(deadline);
                if poll::readable([self.program.end()], deadline, &while_waiting).is_err() {
                    poll::pause_until(now + AGAIN);
                }
            }
        }
        if let Some(check) = &self.check {
            check.kill();
        }
    }

    fn perform(&mut self, action: Option<Action>) {
        match action {
            None => {}
            Some(Action::Run(which)) => self.start(which),
            Some(Action::Cut) => {
                if let Some(check) = &self.check {
                    check.kill();
                }
            }
            Some(Action::TellReady) => self.tell(),
            Some(Action::Say(which, outcome)) => self.say(which, outcome, ""),
            Some(Action::Count(outcome, count)) => {
                self.say(Which::Alive, outcome, &self.count(count));
            }
            Some(Action::End(outcome, count)) => {
                let what = self.count(count) + ": ending it";
                self.say(Which::Alive, outcome, &what);
                let _ = self.program.send(Signal::SIGTERM);
            }
            Some(Action::Kill) => {
                let seconds = GRACE.as_secs().to_string();
                let label = self.plan.label.as_bytes();
                let what = [label, b" did not end within ", seconds.as_bytes()];
                ME.warning(&[&what.concat(), b" s of TERM: killed"], None);
                let _ = self.program.send(Signal::SIGKILL);
            }
        }
    }

    fn start(&mut self, which: Which) {
        let words = self.words(which);
        match Check::start(words, &self.mask) {
            Ok(check) => self.check = Some(check),
            Err(error) => {
                let (now, outcome) = (Monotonic::now(), Outcome::NotRun(error));
                let action = self.machine.ended(outcome, now, false);
                self.perform(action);
            }
        }
    }

    const fn words(&self, which: Which) -> Words {
        let words = match which {
            Which::Ready => self.plan.ready,
            Which::Alive => self.plan.alive,
        };
        match words {
            Some(words) => words,
            None => &[],
        }
    }

    /// Tells supervise, and tries again later if it could not be written.
    fn tell(&mut self) {
        let Some(ready) = &self.ready else {
            self.due = None;
            return;
        };
        match fd::write_all(ready, b"\n") {
            Ok(()) => {
                self.ready = None;
                self.due = None;
                if self.machine.is_over() {
                    companion::leave_standard_error();
                }
            }
            Err(error) => {
                if self.due.is_none() {
                    let label = self.plan.label.as_bytes();
                    ME.warning(&[label, b": unable to tell that it is ready"], error);
                }
                self.due = Some(Monotonic::now() + AGAIN);
            }
        }
    }

    fn count(&self, count: u32) -> String {
        format!(" ({count} of {})", self.plan.settings.tries)
    }

    fn say(&self, which: Which, outcome: Outcome, what: &str) {
        let name = self.words(which).first().map(|name| name.to_string_lossy());
        let text = outcome.text(&name.unwrap_or_default(), self.plan.settings.timeout);
        let label = self.plan.label.as_bytes();
        let which = which.name().as_bytes();
        let parts = [label, b": ", which, b": ", text.as_bytes(), what.as_bytes()];
        ME.warning(&parts, None);
    }
}

/// Whether a descriptor is the one that supervise has given for `ready-fd`.
fn is_supervises(ready: &OwnedFd) -> bool {
    let facts = |found: Result<file::Facts, Errno>| found.map(|facts| facts.identity).ok();
    let given = facts(file::fstat(ready));
    given.is_some() && given == facts(file::lstat(servicedir::READY))
}

/// Whether somebody has told supervise.
fn has_word(ready: &OwnedFd) -> bool {
    file::fstat(ready).is_ok_and(|facts| facts.size > 0)
}
