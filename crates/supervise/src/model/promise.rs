//! What supervise promises, without how it keeps it: commands, starts, signals and files
//! are checked against what the operator was promised.

use core::time::Duration;

use daemontools::procfs;
use daemontools::servicedir::status::{Status, Want};
use daemontools::unix::signal::Signal;

use daemontools::command::Command;

use super::world::World;
use crate::machine::Machine;
use crate::previous::Decision;
use crate::record::Record;

/// A promise that was broken.
#[derive(Debug)]
pub(super) struct Broken(pub(super) String);

type Kept = Result<(), Broken>;

fn broken(what: impl Into<String>) -> Kept {
    Err(Broken(what.into()))
}

/// What is wanted before the first command.
pub(super) fn by_down_file(world: &World) -> Want {
    if world.normally_down {
        Want::Down
    } else {
        Want::Up
    }
}

/// What the operator may have reason to expect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Promise {
    /// What may be wanted now. More than one only after supervise was killed between
    /// reading a command and writing its record. Empty before the first supervise, and
    /// after one that exited: the `down` file decides.
    pub(super) wants: Vec<u8>,
    /// supervise was told to exit.
    pub(super) exiting: bool,
    /// The record may differ from what supervise knows: the disk was full.
    pub(super) untrue: bool,
    /// The C original wrote the record.
    pub(super) original: bool,
    /// The tree begins anew, surely (`true`) or maybe, and the service has run on so far.
    pub(super) anew: Option<bool>,
    /// A start was asked for by `o` and is due.
    pub(super) once_due: bool,
    /// The record before this supervise began.
    found: Option<Status>,
    /// Whether the service ran before the last command.
    up: bool,
}

impl Promise {
    /// From now on only the `down` file says what is wanted.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// supervise was killed while it exited: it was in time, or it was not.
    pub(super) fn may_have_exited(&mut self, world: &World) {
        self.wants.push(by_down_file(world).byte());
        self.wants.sort_unstable();
        self.wants.dedup();
    }

    /// The tree begins anew: the `down` file says what is wanted, but a running service
    /// goes on as it was, unless it was told down.
    pub(super) fn begins_anew(&mut self, world: &World) {
        let by_file = by_down_file(world).byte();
        if world.services.is_empty() {
            self.forget();
            return;
        }
        self.anew = Some(true);
        if self.original && !self.wants.is_empty() {
            // The record does not say under which svscan it was written.
            self.wants.push(by_file);
        }
        for want in self.wants.iter_mut().filter(|_| !self.original) {
            if *want == Want::Down.byte() {
                *want = by_file;
            }
        }
        self.wants.sort_unstable();
        self.wants.dedup();
    }

    /// supervise was killed meanwhile: the tree begins anew, or it does not.
    pub(super) fn may_begin_anew(&mut self, world: &World) {
        let mut anew = self.clone();
        anew.begins_anew(world);
        if anew.wants.is_empty() {
            anew.wants.push(by_down_file(world).byte());
        }
        self.wants.extend(anew.wants);
        self.wants.sort_unstable();
        self.wants.dedup();
        self.anew = Some(false);
    }

    /// The service has ended while there was no supervise.
    pub(super) fn service_ended(&mut self, world: &World) {
        match self.anew {
            Some(true) => self.forget(),
            Some(false) => self.may_begin_anew(world),
            None => {}
        }
    }

    /// This may be wanted too.
    pub(super) fn expects(&mut self, want: Want) {
        if self.wants.is_empty() {
            // By the down file, or by the C original's record.
            self.wants.push(want.byte());
        }
    }

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
            _ => self.wants.contains(&status.want.byte()),
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
        let signals: &[Signal] = match command {
            Command::Down => &[SIGTERM, SIGCONT],
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
        let starts = runs || machine.deadline().is_some();
        let done = match command {
            Command::Up => status.want == Want::Up && starts,
            Command::Once => status.want == Want::Once && starts,
            Command::Down => status.want == Want::Down && machine.deadline().is_none(),
            Command::Pause => status.paused == runs,
            Command::Continue => !status.paused,
            // If it does not run, supervise exits, and this is not asked.
            Command::Exit => runs,
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
        record: &Record,
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
        if exited && (pid != 0 || !self.exiting) {
            return broken("it exits");
        }
        if self.exiting && pid == 0 && !exited {
            return broken("told to exit, and down, it stays");
        }
        let retry_at = record.status.retry_at;
        self.untrue = world.record() != Some(status);
        if self.untrue && !world.full && retry_at.is_none() {
            return broken(format!("{status:?} is not in the record"));
        }
        if exited {
            self.forget();
            return Ok(());
        }
        let soon = world.monotonic() + Duration::from_secs(5);
        let is_due = machine.deadline().is_some_and(|at| at <= soon);
        if pid == 0 && status.want == Want::Up && !is_due {
            return broken("wanted up, it is down for ever");
        }
        if self.once_due && !is_due {
            return broken("to be started once, it never is");
        }
        if retry_at.is_some_and(|at| at > world.monotonic() + procfs::TOLERANCE) {
            return broken("the record is not tried again within a second");
        }
        self.wants = vec![status.want.byte()];
        self.original = false;
        self.anew = None;
        Ok(())
    }
}
