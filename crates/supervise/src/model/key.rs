//! Which states are the same: pids and timestamps are told apart only as far as anybody
//! can tell them apart, and times are relative to now.

use super::state::State;
use super::world::{Process, STEP, World};
use crate::supervisor::Supervisor;

use daemontools::servicedir::detail::Detail;
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
        self.key.push(u8::try_from(machine.failures).expect("few"));
        self.since(machine.last_start, 2);
        self.until(machine.start_at);
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
