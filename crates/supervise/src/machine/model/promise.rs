//! What is promised, told apart from how it is kept: it sees commands, starts, signals
//! and files, and says which promise they break.

use core::time::Duration;

use daemontools::procfs;
use daemontools::servicedir::status::{Status, Want};
use daemontools::unix::signal::Signal;

use super::super::Machine;
use super::hands::Supervise;
use super::world::{Stop, World, broken};
use crate::verdict::Verdict;

/// What is wanted where nobody has said anything.
fn by_file(world: &World) -> Want {
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
    /// taking a command and writing its record; empty before the first supervise, and
    /// after one that has left: the `down` file decides.
    pub(super) wants: Vec<u8>,
    /// supervise was told to leave.
    pub(super) leaving: bool,
    /// The record may say something else than supervise knows: the disk was full.
    pub(super) untrue: bool,
    /// The record is the C original's.
    pub(super) original: bool,
    /// The tree begins anew, surely or maybe, and the service ran on so far.
    pub(super) anew: Option<bool>,
    /// A start was asked for by `o` and is due.
    pub(super) once_due: bool,
    /// The record before this supervise began.
    found: Option<Status>,
    /// Whether the service ran before the last command.
    up: bool,
}

impl Promise {
    /// Nothing is wanted any more but what the `down` file says.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// supervise was killed while it left: it has left, or it has not.
    pub(super) fn may_have_left(&mut self, world: &World) {
        self.wants.push(by_file(world).byte());
        self.wants.sort_unstable();
        self.wants.dedup();
    }

    /// The tree begins anew: what the `down` file says is wanted, but a service that runs
    /// goes on as it was unless it is on its way down.
    pub(super) fn begins_anew(&mut self, world: &World) {
        let by_file = by_file(world).byte();
        if world.services.is_empty() {
            self.forget();
            return;
        }
        self.anew = Some(true);
        if self.original && !self.wants.is_empty() {
            // Its record does not tell under which svscan it was written.
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

    /// supervise was killed at that: the tree begins anew, or it does not.
    pub(super) fn may_begin_anew(&mut self, world: &World) {
        let mut anew = self.clone();
        anew.begins_anew(world);
        if anew.wants.is_empty() {
            anew.wants.push(by_file(world).byte());
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
        self.leaving = false;
        self.once_due = false;
    }

    /// A supervise has begun: it wants what was wanted, and has the process that runs.
    pub(super) fn begun(
        &mut self,
        world: &World,
        supervise: &Supervise,
        verdict: Verdict,
    ) -> Result<(), Stop> {
        let status = supervise.machine.status();
        let alive = world.services.first();
        if alive.map_or(0, |service| service.pid) != status.pid {
            return broken(format!(
                "{verdict:?}: {alive:?} runs, and {status:?} is believed"
            ));
        }
        let same = |found: Status| Status {
            want: status.want,
            ..found
        };
        if matches!(verdict, Verdict::Adopt(_)) && self.found.map(same) != Some(status) {
            return broken(format!("{:?} was taken over as {status:?}", self.found));
        }
        let by_file = by_file(world);
        let kept = match verdict {
            // It says that it can't tell, and begins as the reference would.
            Verdict::Unproven => status.want == by_file,
            Verdict::Anew if self.original => status.want == by_file,
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

    /// A service is about to be started.
    pub(super) fn starts(&mut self, world: &World, machine: &Machine) -> Result<(), Stop> {
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

    /// A command has been taken and nothing done about it yet.
    pub(super) fn before(&mut self, letter: u8, world: &mut World, supervise: &Supervise) {
        world.sent.clear();
        self.up = !world.services.is_empty();
        if supervise.left {
            return;
        }
        let want = match letter {
            b'u' => Want::Up,
            b'd' => Want::Down,
            b'o' => Want::Once,
            b'x' => {
                self.leaving = true;
                return;
            }
            _ => return,
        };
        self.once_due = !self.up && want == Want::Once;
        if !self.wants.contains(&want.byte()) {
            self.wants.push(want.byte());
            self.wants.sort_unstable();
        }
    }

    /// It has been obeyed.
    pub(super) fn obeyed(
        &self,
        letter: u8,
        world: &World,
        supervise: &Supervise,
    ) -> Result<(), Stop> {
        use Signal::{SIGCONT, SIGSTOP, SIGTERM};
        if supervise.left {
            return Ok(());
        }
        let machine = &supervise.machine;
        let name = char::from(letter);
        let signals: &[Signal] = match letter {
            b'd' => &[SIGTERM, SIGCONT],
            b'p' => &[SIGSTOP],
            b'c' => &[SIGCONT],
            b't' => &[SIGTERM],
            _ => &[],
        };
        let signals = if self.up { signals } else { &[] };
        if world.sent != signals {
            return broken(format!("{name} sends {:?}", world.sent));
        }
        let runs = !world.services.is_empty();
        let status = machine.status();
        let done = match letter {
            b'u' => status.want == Want::Up && (runs || machine.deadline().is_some()),
            b'o' => status.want == Want::Once && (runs || machine.deadline().is_some()),
            b'd' => status.want == Want::Down && machine.deadline().is_none(),
            b'p' => status.paused == runs,
            b'c' => !status.paused,
            // What is down lets it leave at once, and then nothing more is looked at.
            b'x' => runs,
            _ => true,
        };
        if done {
            Ok(())
        } else {
            broken(format!("{name} is not obeyed: {status:?}"))
        }
    }

    /// supervise is about to wait, or has left: all is as its memory says.
    pub(super) fn at_rest(&mut self, world: &World, supervise: &Supervise) -> Result<(), Stop> {
        let status = supervise.machine.status();
        let pid = world.services.first().map_or(0, |service| service.pid);
        if world.services.len() > 1 || status.pid != pid {
            return broken(format!(
                "{:?} run, and {status:?} is believed",
                world.services
            ));
        }
        if supervise.left && (pid != 0 || !self.leaving) {
            return broken("it has left");
        }
        if self.leaving && pid == 0 && !supervise.left {
            return broken("told to leave, and down, it stays");
        }
        self.untrue = world.record() != Some(status);
        if self.untrue && !world.full && supervise.again.is_none() {
            return broken(format!("{status:?} is not in the record"));
        }
        if supervise.left {
            self.forget();
            return Ok(());
        }
        let soon = world.monotonic() + Duration::from_secs(5);
        let is_due = supervise.machine.deadline().is_some_and(|at| at <= soon);
        if pid == 0 && status.want == Want::Up && !is_due {
            return broken("wanted up, it is down for ever");
        }
        if self.once_due && !is_due {
            return broken("to be started once, it never is");
        }
        if supervise
            .again
            .is_some_and(|at| at > world.monotonic() + procfs::TOLERANCE)
        {
            return broken("the record is not tried again within a second");
        }
        self.wants = vec![status.want.byte()];
        self.original = false;
        self.anew = None;
        Ok(())
    }
}
