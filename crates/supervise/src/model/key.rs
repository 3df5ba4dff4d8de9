//! Which states are the same: pids and timestamps are told apart only as far as anybody
//! can tell them apart, and times are relative to now.

use super::state::State;
use super::world::{Process, STEP, World};
use crate::machine::Machine;
use crate::machine::finish::Finish;
use crate::previous::PidOwner;
use crate::supervisor::Supervisor;

use daemontools::servicedir::detail::{Detail, Outcome};
use daemontools::servicedir::stamp;
use daemontools::servicedir::status::Status;
use daemontools::tai64n::LABEL_LEN;
use daemontools::unix::clock::Monotonic;

/// Everything that the future of a state depends on.
pub(super) type Key = Vec<u8>;

/// Numbers values in the order in which they are met.
#[derive(Default)]
struct Numbers<T>(Vec<T>);

impl<T: PartialEq> Numbers<T> {
    fn number(&mut self, value: T) -> u8 {
        let known = self.0.iter().position(|known| *known == value);
        let place = known.unwrap_or_else(|| {
            self.0.push(value);
            self.0.len() - 1
        });
        u8::try_from(place).expect("few values")
    }
}

/// Builds the key of a state.
struct Builder<'a> {
    state: &'a State,
    key: Key,
    pids: Numbers<u32>,
    /// All timestamps, sorted: only their order matters.
    stamps: Vec<[u8; LABEL_LEN]>,
}

pub(super) fn key(state: &State) -> Key {
    let (world, running) = (&state.simulation().world, state.supervisor());
    let mut stamps: Vec<[u8; LABEL_LEN]> = [
        world.record().map(|record| record.since.label()),
        world.detail.since,
        running.map(|supervisor| supervisor.machine.since.label()),
        running.and_then(|supervisor| supervisor.detail.since),
    ]
    .into_iter()
    .flatten()
    .collect();
    stamps.sort_unstable();
    stamps.dedup();
    let mut builder = Builder {
        state,
        key: Key::new(),
        pids: Numbers(vec![0]),
        stamps,
    };
    builder.world();
    builder.supervisor();
    builder.promise();
    builder.key
}

impl Builder<'_> {
    fn world(&mut self) {
        let world = &self.state.simulation().world;
        self.flags(&[world.full, world.services.is_empty(), world.other.is_none()]);
        for process in world.services.iter().chain(&world.other) {
            self.process(*process);
        }
        let record = world.record();
        self.flags(&[record.is_none()]);
        if let Some(record) = record {
            self.status(&record);
            self.record(&record);
        }
        self.detail(&world.detail);
        if world.policy.is_some() {
            self.flags(&[
                world.killed,
                world.ready.is_some(),
                world.ready == Some(true),
                world.finish.is_some(),
            ]);
        }
    }

    /// What follows from a policy.
    fn machine(&mut self, machine: &Machine) {
        self.flags(&[
            machine.unseen_end,
            machine.adopted,
            machine.restarts.backs_off,
            machine.stop.asked,
            machine.stop.not_ready,
            machine.stop.killed,
            machine.readiness.fd.is_some(),
            machine.readiness.paused_at.is_some(),
        ]);
        let main = machine.main.unwrap_or_default();
        self.flags(&[main.ended, main.end.is_some()]);
        let restarts = &machine.restarts;
        self.early(restarts.failures, restarts.outcome);
        self.since(machine.stop.since, 3);
        self.since(machine.readiness.ready.map(|(at, _)| at), 3);
        self.since(machine.readiness.paused_at, 3);
        let paused = u64::try_from(machine.readiness.paused_for.as_millis()).unwrap_or(0);
        self.key.push(steps(paused, 3));
        match machine.finish {
            Finish::None => self.key.push(0),
            Finish::Due(_, at) => {
                self.key.push(1);
                self.until(Some(at));
            }
            Finish::Running(run) => {
                self.key.push(2 + u8::from(run.killed));
                self.since(Some(run.since), 3);
            }
        }
    }

    fn early(&mut self, failures: u32, outcome: Option<Outcome>) {
        let failures = u8::try_from(failures.min(3)).expect("few");
        self.key
            .extend([failures, outcome.map_or(0, |outcome| 1 + outcome as u8)]);
    }

    /// How far a moment is from now, in steps, within limits.
    fn near(&mut self, moment: Option<u64>) {
        let now = self.state.simulation().world.now;
        let near = moment.map(|moment| match moment > now {
            true => 20 + steps(moment - now, 10),
            false => steps(now - moment, 3),
        });
        self.key.push(near.unwrap_or(0xff));
    }

    fn lives(&mut self) {
        let promise = &self.state.simulation().promise;
        let now = self.state.simulation().world.now;
        let mut keys = Vec::new();
        self.key.push(promise.lives.kills);
        for life in &promise.lives.now {
            let before = core::mem::take(&mut self.key);
            let pid = life.pid.map_or(0, |pid| self.pids.number(pid));
            self.key.push(pid);
            self.flags(&[
                life.was_paused,
                life.asked,
                life.not_ready,
                life.finish,
                life.ended,
            ]);
            self.early(life.early, life.over);
            self.near(life.pid.map(|_| life.started));
            self.near(life.ready);
            self.near(life.stop);
            self.near((life.not_before > now).then_some(life.not_before));
            keys.push(core::mem::replace(&mut self.key, before));
        }
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            self.key.push(0xfd);
            self.key.extend(key);
        }
    }

    /// What a policy has left in the detail file.
    fn kept(&mut self, detail: &Detail) {
        let world = &self.state.simulation().world;
        let millis = |label| World::millis(stamp::parse(label).expect("a label"));
        let (ready, next) = (detail.ready.map(millis), detail.next.map(millis));
        let finish = detail
            .finish
            .map(|finish| world.pid_owner(finish.pid) != PidOwner::None);
        self.key
            .push(detail.stage.map_or(0, |stage| 1 + stage as u8));
        self.early(detail.failures, detail.then);
        self.flags(&[
            detail.asked,
            finish.is_some(),
            finish == Some(true),
            detail.ended,
        ]);
        self.near(ready);
        self.near(next);
        // When the process was started decides whether its end was early.
        let started = detail
            .process
            .map(|process| world.boot_at + process.start_time * 10);
        self.near(started);
    }

    fn supervisor(&mut self) {
        let world = &self.state.simulation().world;
        let Some(supervisor) = self.state.supervisor() else {
            return self.key.push(0xff);
        };
        let Supervisor {
            machine,
            record,
            detail,
            ..
        } = supervisor;
        self.status(&machine.status());
        self.flags(&[
            machine.paused,
            machine.exiting,
            record.status.due,
            record.detail.due,
            record.written == world.status,
            record.written == Some(machine.status().pack()),
            detail.seen >= Some(world.svscan),
        ]);
        self.key
            .push(u8::try_from(machine.failed_forks).expect("few"));
        self.since(
            machine.last_start,
            if world.policy.is_some() { 3 } else { 2 },
        );
        self.until(machine.start_at);
        if world.policy.is_some() {
            self.machine(machine);
        }
        self.until(record.status.retry_at);
        self.until(record.detail.retry_at);
        self.detail(detail);
    }

    fn promise(&mut self) {
        let promise = &self.state.simulation().promise;
        self.key.extend(&promise.wants);
        self.flags(&[
            promise.exiting,
            promise.untrue,
            promise.original,
            promise.once_due,
            promise.anew.is_some(),
            promise.anew == Some(true),
        ]);
        if self.state.simulation().world.policy.is_some() {
            self.lives();
        }
    }

    fn flags(&mut self, flags: &[bool]) {
        self.key
            .push(flags.iter().fold(0, |sum, &flag| sum * 2 + u8::from(flag)));
    }

    fn process(&mut self, process: Process) {
        let (world, pid) = (
            &self.state.simulation().world,
            self.pids.number(process.pid),
        );
        let age = (world.now - world.boot_at).saturating_sub(process.start_time * 10);
        self.key.extend([pid, steps(age, 4)]);
    }

    fn status(&mut self, status: &Status) {
        let (pid, since) = (
            self.pids.number(status.pid),
            self.stamp(status.since.label()),
        );
        self.key
            .extend([pid, since, u8::from(status.paused), status.want.byte()]);
    }

    fn stamp(&self, label: [u8; LABEL_LEN]) -> u8 {
        let place = self.stamps.iter().position(|known| *known == label);
        place.map_or(0xff, |place| u8::try_from(place).expect("few stamps"))
    }

    /// How the timestamp of a record relates to now, to this boot and to the process that
    /// has its pid; and whether the C original made it.
    fn record(&mut self, record: &Status) {
        let world = &self.state.simulation().world;
        let since = World::millis(record.since);
        let mut all = world.services.iter().chain(&world.other);
        let same = all.find(|process| process.pid == record.pid);
        let started = same.map(|process| world.boot_at + process.start_time * 10);
        self.key.extend([
            steps(world.now.saturating_sub(since), 4),
            steps(world.boot_at.saturating_sub(since), 8),
        ]);
        self.flags(&[
            started.is_some_and(|started| started.abs_diff(since) <= 2 * STEP),
            record.since.nanos % 1000 == 500,
        ]);
        if since < world.boot_at {
            // Whole seconds are compared.
            let parts = [since, world.now, world.boot_at];
            self.flags(&parts.map(|moment| moment % 1000 == 0));
        }
    }

    fn detail(&mut self, detail: &Detail) {
        let world = &self.state.simulation().world;
        let boot = detail.boot.map(|boot| Some(boot) == world.boot_id());
        self.key.push(boot.map_or(2, u8::from));
        let since = detail.since.map_or(0xfe, |since| self.stamp(since));
        self.key.push(since);
        let seen = detail.seen >= Some(world.svscan);
        self.flags(&[
            detail.seen.is_none(),
            seen,
            detail.terminated,
            detail.directory.is_none(),
            world.svscan < world.ticks(),
        ]);
        if world.policy.is_some() {
            self.kept(detail);
        }
        let Some(known) = detail.process else {
            return self.key.push(0xff);
        };
        let pid = self.pids.number(known.pid);
        let all = world.services.iter().chain(&world.other);
        let same = all
            .filter(|process| process.pid == known.pid && process.start_time == known.start_time);
        let same = u8::from(same.count() > 0);
        self.key.extend([pid, same]);
    }

    /// How long ago a moment was, in steps, at most `most`.
    fn since(&mut self, moment: Option<Monotonic>, most: u8) {
        let now = self.state.simulation().world.monotonic();
        let age = moment.map(|moment| u64::try_from(now.since(moment).as_millis()).unwrap_or(0));
        self.key.push(age.map_or(0xff, |age| steps(age, most)));
    }

    /// How far ahead a moment is.
    fn until(&mut self, moment: Option<Monotonic>) {
        let now = self.state.simulation().world.monotonic();
        let left = moment.map(|moment| u64::try_from(moment.since(now).as_millis()).unwrap_or(0));
        self.key.push(left.map_or(0xff, |left| steps(left, 10)));
    }
}

fn steps(millis: u64, most: u8) -> u8 {
    u8::try_from(millis.div_ceil(STEP))
        .unwrap_or(most)
        .min(most)
}
