//! When two states are one: pids and stamps are told apart only as far as anybody can
//! tell them apart, and times count from now.

use super::State;
use super::world::{Process, TICK, World};
use daemontools::servicedir::detail::Detail;

use daemontools::servicedir::status::Status;
use daemontools::tai64n::LABEL_LEN;
use daemontools::unix::clock::Monotonic;

/// All that a state's future depends on.
pub(super) type Key = Vec<u8>;

/// Numbers for things in the order in which they are met.
#[derive(Default)]
struct Names<T>(Vec<T>);

impl<T: PartialEq> Names<T> {
    fn of(&mut self, thing: T) -> u8 {
        let known = self.0.iter().position(|known| *known == thing);
        let place = known.unwrap_or_else(|| {
            self.0.push(thing);
            self.0.len() - 1
        });
        u8::try_from(place).expect("few things")
    }
}

/// A state's key in the making.
struct Making<'a> {
    state: &'a State,
    key: Key,
    pids: Names<u32>,
    /// All stamps there are, in order: only their order counts.
    stamps: Vec<[u8; LABEL_LEN]>,
}

pub(super) fn key(state: &State) -> Key {
    let (world, supervise) = (&state.world, state.supervise.as_ref());
    let mut stamps: Vec<[u8; LABEL_LEN]> = [
        world.record().map(|record| record.since.label()),
        world.detail.since,
        supervise.map(|supervise| supervise.machine.since.label()),
        supervise.and_then(|supervise| supervise.detail.since),
    ]
    .into_iter()
    .flatten()
    .collect();
    stamps.sort_unstable();
    stamps.dedup();
    let mut making = Making {
        state,
        key: Key::new(),
        pids: Names(vec![0]),
        stamps,
    };
    making.world();
    making.supervise();
    making.promise();
    making.key
}

impl Making<'_> {
    fn world(&mut self) {
        let world = &self.state.world;
        self.flags(&[
            world.full,
            world.services.is_empty(),
            world.stranger.is_none(),
        ]);
        for process in world.services.iter().chain(&world.stranger) {
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

    fn supervise(&mut self) {
        let Some(supervise) = &self.state.supervise else {
            return self.key.push(0xff);
        };
        let machine = &supervise.machine;
        self.status(&machine.status());
        self.flags(&[
            machine.paused,
            machine.leaving,
            supervise.due,
            supervise.detail_due,
            supervise.written == self.state.world.status,
            supervise.written == Some(machine.status().pack()),
            supervise.detail.seen >= Some(self.state.world.svscan),
        ]);
        self.key.push(u8::try_from(machine.failures).expect("few"));
        self.since(machine.last_start, 2);
        self.until(machine.start_at);
        self.until(supervise.again);
        self.until(supervise.detail_again);
        self.detail(&supervise.detail);
    }

    fn promise(&mut self) {
        let promise = &self.state.promise;
        self.key.extend(&promise.wants);
        self.flags(&[
            promise.leaving,
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
        let (world, pid) = (&self.state.world, self.pids.of(process.pid));
        let age = (world.now - world.boot_at).saturating_sub(process.born * 10);
        self.key.extend([pid, ticks(age, 4)]);
    }

    fn status(&mut self, status: &Status) {
        let (pid, since) = (self.pids.of(status.pid), self.stamp(status.since.label()));
        self.key
            .extend([pid, since, u8::from(status.paused), status.want.byte()]);
    }

    fn stamp(&self, label: [u8; LABEL_LEN]) -> u8 {
        let place = self.stamps.iter().position(|known| *known == label);
        place.map_or(0xff, |place| u8::try_from(place).expect("few stamps"))
    }

    /// What a record's stamp has to do with now, with this boot and with the process
    /// that has its pid; and whether the C original made it.
    fn record(&mut self, record: &Status) {
        let world = &self.state.world;
        let since = World::millis(record.since);
        let mut all = world.services.iter().chain(&world.stranger);
        let same = all.find(|process| process.pid == record.pid);
        let born = same.map(|process| world.boot_at + process.born * 10);
        self.key.extend([
            ticks(world.now.saturating_sub(since), 4),
            ticks(world.boot_at.saturating_sub(since), 8),
        ]);
        self.flags(&[
            born.is_some_and(|born| born.abs_diff(since) <= 2 * TICK),
            record.since.nanos % 1000 == 500,
        ]);
        if since < world.boot_at {
            // Whole seconds are compared.
            let parts = [since, world.now, world.boot_at];
            self.flags(&parts.map(|moment| moment % 1000 == 0));
        }
    }

    fn detail(&mut self, detail: &Detail) {
        let world = &self.state.world;
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
        let pid = self.pids.of(known.pid);
        let all = world.services.iter().chain(&world.stranger);
        let same =
            all.filter(|process| process.pid == known.pid && process.born == known.start_time);
        let same = u8::from(same.count() > 0);
        self.key.extend([pid, same]);
    }

    /// How long ago a moment was, up to `most` ticks.
    fn since(&mut self, moment: Option<Monotonic>, most: u8) {
        let now = self.state.world.monotonic();
        let age = moment.map(|moment| u64::try_from(now.since(moment).as_millis()).unwrap_or(0));
        self.key.push(age.map_or(0xff, |age| ticks(age, most)));
    }

    /// How far away a moment is.
    fn until(&mut self, moment: Option<Monotonic>) {
        let now = self.state.world.monotonic();
        let left = moment.map(|moment| u64::try_from(moment.since(now).as_millis()).unwrap_or(0));
        self.key.push(left.map_or(0xff, |left| ticks(left, 10)));
    }
}

fn ticks(millis: u64, most: u8) -> u8 {
    u8::try_from(millis.div_ceil(TICK))
        .unwrap_or(most)
        .min(most)
}
