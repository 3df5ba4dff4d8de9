//! What was promised to the operator, from the commands alone and from what happened to the
//! tree. Whether supervise keeps it is checked in `check.rs`.

use daemontools::servicedir::status::{Status, Want};

use super::world::World;

/// What is wanted before the first command.
pub(super) fn by_down_file(world: &World) -> Want {
    if world.normally_down {
        Want::Down
    } else {
        Want::Up
    }
}

/// What the operator may expect.
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
    pub(super) found: Option<Status>,
    /// Whether the service ran before the last command.
    pub(super) up: bool,
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

    /// A supervise begins, and wants this. Before the first command the `down` file or
    /// the record of the C original decides.
    pub(super) fn expects(&mut self, world: &World, want: Want) {
        if self.wants.is_empty() {
            let wanted = if self.original {
                want
            } else {
                by_down_file(world)
            };
            self.wants.push(wanted.byte());
        }
    }
}
