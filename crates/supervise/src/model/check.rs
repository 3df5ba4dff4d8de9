//! Whether supervise keeps what was promised: adoption, starts, signals, commands, and the
//! record are checked as they happen.

use core::time::Duration;

use daemontools::command::Command;
use daemontools::servicedir::status::{Status, Want};
use daemontools::unix::clock::Monotonic;
use daemontools::unix::signal::Signal;

use super::life::Broken;
use super::promise::{Promise, by_down_file};
use super::world::World;
use crate::machine::Machine;
use crate::machine::finish::Finish;
use crate::previous::Decision;

/// The longest time from one start that fails to the next.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// The longest time from one write of the record that fails to the next.
const RETRY: Duration = Duration::from_secs(1);

type Kept = Result<(), Broken>;

fn broken(what: impl Into<String>) -> Kept {
    Err(Broken(what.into()))
}

impl Promise {
    /// A supervise is about to begin.
    pub(super) fn before_begin(&mut self, world: &World) {
        self.found = world.record();
        // Neither is in the record, so neither outlives its supervise.
        self.exiting = false;
        self.once_due = false;
    }

    /// A supervise has begun: it wants what was wanted, and knows the process that runs.
    pub(super) fn begun(&mut self, world: &World, machine: &Machine, decision: Decision) -> Kept {
        let status = machine.status();
        let alive = world.services.first();
        if alive.map_or(0, |service| service.pid) != status.pid {
            return broken(format!(
                "{decision:?}: {alive:?} runs, and {status:?} is believed"
            ));
        }
        let same = |found: Status| Status {
            want: status.want,
            ..found
        };
        if matches!(decision, Decision::Adopt(_)) && self.found.map(same) != Some(status) {
            return broken(format!("{:?} was adopted as {status:?}", self.found));
        }
        let by_file = by_down_file(world);
        let kept = match decision {
            // It reports that, and begins as the reference would.
            Decision::Unproven => status.want == by_file,
            Decision::StartAnew if self.original => status.want == by_file,
            _ => self.wants.contains(&status.want.byte()) || self.may_be_over(status.want),
        };
        if !kept {
            return broken(format!(
                "{:?} was wanted, now {:?} is",
                self.wants, status.want
            ));
        }
        self.wants = vec![status.want.byte()];
        Ok(())
    }

    /// Whether the service may have finished or failed: then it is not wanted up any more.
    fn may_be_over(&self, want: Want) -> bool {
        want == Want::Once && self.lives.now.iter().any(|life| life.over.is_some())
    }

    /// The service is about to be started.
    pub(super) fn starts(&mut self, world: &World, machine: &Machine) -> Kept {
        if !world.services.is_empty() {
            return broken("a second copy is started");
        }
        let want = machine.status().want;
        if want == Want::Down || !self.wants.contains(&want.byte()) {
            return broken(format!("started, though {:?} is wanted", self.wants));
        }
        if want == Want::Once && !self.once_due {
            return broken("started again, though it was wanted once");
        }
        self.once_due = false;
        Ok(())
    }

    /// A signal is about to be sent.
    pub(super) fn signals(&self, world: &World, pid: u32, signal: Signal) -> Kept {
        if !world.services.iter().any(|service| service.pid == pid) {
            return broken(format!(
                "{signal} is sent to {pid}, which is not the service"
            ));
        }
        let paused = world.record().is_some_and(|record| record.paused);
        if signal == Signal::SIGSTOP && !paused && !world.full {
            return broken("it is stopped before the record says so");
        }
        Ok(())
    }

    /// A command was read, and nothing was done about it yet.
    pub(super) fn commanded(&mut self, command: Command, world: &mut World) {
        world.sent.clear();
        self.up = !world.services.is_empty();
        let want = match command {
            Command::Up => Want::Up,
            Command::Down => Want::Down,
            Command::Once => Want::Once,
            Command::Exit => {
                self.exiting = true;
                return;
            }
            Command::Pause | Command::Continue | Command::Signal(_) => return,
        };
        self.once_due = !self.up && want == Want::Once;
        if !self.wants.contains(&want.byte()) {
            self.wants.push(want.byte());
            self.wants.sort_unstable();
        }
    }

    /// A command was obeyed.
    pub(super) fn obeyed(&self, command: Command, world: &World, machine: &Machine) -> Kept {
        use Signal::{SIGCONT, SIGSTOP, SIGTERM};
        let stop = world.policy.map_or(SIGTERM, |policy| policy.stop_signal);
        let signals: &[Signal] = match command {
            Command::Down => &[stop, SIGCONT],
            Command::Pause => &[SIGSTOP],
            Command::Continue => &[SIGCONT],
            Command::Signal(signal) => &[signal],
            Command::Up | Command::Once | Command::Exit => &[],
        };
        let signals = if self.up { signals } else { &[] };
        if world.sent != signals {
            return broken(format!("{command:?} sends {:?}", world.sent));
        }
        let runs = !world.services.is_empty();
        let status = machine.status();
        let starts = runs || machine.start_at.is_some();
        let done = match command {
            Command::Up => status.want == Want::Up && starts,
            Command::Once => status.want == Want::Once && starts,
            Command::Down => status.want == Want::Down && machine.start_at.is_none(),
            Command::Pause => status.paused == runs,
            Command::Continue => !status.paused,
            // If it does not run, supervise exits, and this is not asked.
            Command::Exit => runs || world.finish.is_some(),
            Command::Signal(_) => true,
        };
        if done {
            Ok(())
        } else {
            broken(format!("{command:?} is not obeyed: {status:?}"))
        }
    }

    /// supervise is about to wait, or to exit: the world is as it believes.
    pub(super) fn at_rest(
        &mut self,
        world: &World,
        machine: &Machine,
        deadline: Option<Monotonic>,
        exited: bool,
    ) -> Kept {
        let status = machine.status();
        let pid = world.services.first().map_or(0, |service| service.pid);
        if world.services.len() > 1 || status.pid != pid {
            return broken(format!(
                "{:?} run, and {status:?} is believed",
                world.services
            ));
        }
        if world.main.is_some() && !self.exiting {
            let rests = status.want != Want::Up && !self.once_due;
            self.lives.leaves(world, rests, exited)?;
        }
        let may_exit = self.exiting || world.main.is_some();
        if exited && (pid != 0 || world.finish.is_some() || !may_exit) {
            return broken("it exits");
        }
        let finishes = world.finish.is_some() || machine.finish != Finish::None;
        if self.exiting && pid == 0 && !exited && !finishes {
            return broken("told to exit, and down, it stays");
        }
        self.untrue = world.record() != Some(status);
        if exited && self.untrue && !world.full {
            return broken(format!("it exits, and {status:?} is not in the record"));
        }
        if exited {
            self.forget();
            if let Some(record) = world.record().filter(|_| world.full) {
                // It could not note that it exited.
                self.wants.push(record.want.byte());
                self.may_have_exited(world);
            }
            return Ok(());
        }
        let wakes_within =
            |time: Duration| deadline.is_some_and(|at| at <= world.monotonic() + time);
        let is_due = machine.deadline().is_some() && wakes_within(LONGEST_WAIT);
        if pid == 0 && status.want == Want::Up && !is_due && !finishes {
            return broken("wanted up, it is down for ever");
        }
        if self.once_due && !is_due && !finishes {
            return broken("to be started once, it never is");
        }
        let over = self.may_be_over(status.want);
        if world.policy.is_some() && !over && !self.wants.contains(&status.want.byte()) {
            return broken(format!("{:?} was wanted, now {status:?} is", self.wants));
        }
        self.lives.at_rest(world, machine)?;
        if self.untrue && !wakes_within(RETRY) {
            return broken(format!(
                "{status:?} is not in the record, and not written within a second"
            ));
        }
        self.wants = vec![status.want.byte()];
        self.original = false;
        self.anew = None;
        Ok(())
    }
}
