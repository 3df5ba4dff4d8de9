//! What `setup.rs`, `work.rs`, `work/start.rs` and `record.rs` do, on the model's world.
//! Each thing that is seen outside asks the world first, which may have supervise killed
//! there.

use daemontools::command::Command;
use daemontools::status::{STATUS_LEN, Status, Want};
use daemontools::unix::clock::Monotonic;
use daemontools::unix::signal::Signal;

use super::super::{Action, Event, Machine};
use super::promise::Promise;
use super::world::{Stop, World, broken};
use crate::detail::{Detail, Identity};
use crate::verdict::{Evidence, Seen, Verdict, judge};

#[derive(Clone, Debug)]
pub(super) struct Supervise {
    pub(super) machine: Machine,
    pub(super) detail: Detail,
    pub(super) written: Option<[u8; STATUS_LEN]>,
    pub(super) due: bool,
    pub(super) detail_due: bool,
    pub(super) again: Option<Monotonic>,
    pub(super) left: bool,
}

impl Supervise {
    /// `setup::take` and `Work::new`.
    pub(super) fn begin(world: &mut World, promise: &mut Promise) -> Result<(Self, Verdict), Stop> {
        let detail = world.detail;
        let record = world.record();
        let seen = record.map_or(Seen::Nobody, |record| world.look(record.pid));
        let verdict = record.map_or(Verdict::Anew, |status| {
            let evidence = Evidence {
                status,
                detail: &detail,
                boot: world.boot_id(),
                seen,
            };
            judge(&evidence, world.clocks())
        });
        let by_file = if world.normally_down {
            Want::Down
        } else {
            Want::Up
        };
        let (machine, identity) = match (verdict, record, seen) {
            (Verdict::Adopt, Some(status), Seen::Born(born)) => {
                let age = (world.now - world.boot_at).saturating_sub(born * 10) * 1_000_000;
                let started = Monotonic(world.monotonic().0 - age);
                let pid = status.pid;
                (
                    Machine::adopt(&status, started),
                    Some(Identity { pid, born }),
                )
            }
            (Verdict::Ended(status), ..) => (Machine::new(status.want, world.wall()), None),
            _ => (Machine::new(by_file, world.wall()), None),
        };
        let mut this = Self {
            machine,
            detail: Detail {
                identity,
                boot: world.boot_id(),
                ..Detail::default()
            },
            written: None,
            due: false,
            detail_due: false,
            again: None,
            left: false,
        };
        this.mark_detail();
        promise.expects(this.machine.status().want);
        this.write_now(world)?;
        Ok((this, verdict))
    }

    /// The rest of a turn of the loop: what time has brought, then the files.
    pub(super) fn settle(&mut self, world: &mut World, promise: &mut Promise) -> Result<(), Stop> {
        self.tell(Event::Time, world, promise)?;
        if (self.due || self.detail_due) && self.again.is_none_or(|at| at <= world.monotonic()) {
            self.write(world)?;
        }
        if self.left {
            world.does()?;
        }
        Ok(())
    }

    pub(super) fn ended(&mut self, world: &mut World, promise: &mut Promise) -> Result<(), Stop> {
        self.detail.identity = None;
        let at = world.wall();
        self.tell(Event::Ended(at), world, promise)?;
        self.mark_detail();
        Ok(())
    }

    pub(super) fn obey(
        &mut self,
        letter: u8,
        world: &mut World,
        promise: &mut Promise,
    ) -> Result<(), Stop> {
        match Command::from_byte(letter) {
            Some(command) => self.tell(Event::Command(command), world, promise),
            None => Ok(()),
        }
    }

    fn tell(&mut self, event: Event, world: &mut World, promise: &mut Promise) -> Result<(), Stop> {
        if self.left {
            return Ok(());
        }
        for action in self.machine.on(event, world.monotonic()) {
            match action {
                Action::Start => self.start(world, promise)?,
                Action::Signal(signal) => {
                    if self.due && self.written != Some(self.machine.status().pack()) {
                        self.write(world)?;
                    }
                    self.signal(signal, world)?;
                }
                Action::Record => self.due = true,
                Action::Leave => {
                    self.left = true;
                    self.detail.boot = None;
                    self.detail_due = true;
                }
            }
        }
        Ok(())
    }

    fn signal(&self, signal: Signal, world: &mut World) -> Result<(), Stop> {
        world.does()?;
        let target = self.machine.pid();
        if !world
            .services
            .iter()
            .any(|service| Some(service.pid) == target)
        {
            return broken(format!(
                "{signal} is sent to {target:?}, which is not the service"
            ));
        }
        let paused = world.record().is_some_and(|record| record.paused);
        if signal == Signal::SIGSTOP && !paused && !world.full {
            return broken("it is stopped before the record says so");
        }
        world.sent.push(signal);
        Ok(())
    }

    /// Once the child is there, it writes the record and execs, whatever becomes of
    /// supervise; and until the exec it holds the lock.
    fn start(&mut self, world: &mut World, promise: &mut Promise) -> Result<(), Stop> {
        world.asked = true;
        if !world.forks {
            return self.tell(Event::NotStarted, world, promise);
        }
        world.does()?;
        promise.starts(world, &self.machine)?;
        let process = world.new_process();
        let at = world.wall();
        self.tell(Event::Started(process.pid, at), world, promise)?;
        world.services.push(process);
        self.due = true;
        let written = self.put_status(world);
        self.note(written, world);
        self.detail.identity = Some(Identity {
            pid: process.pid,
            born: process.born,
        });
        self.mark_detail();
        Ok(())
    }

    fn mark_detail(&mut self) {
        self.detail.since = Some(self.machine.status().since.label());
        self.detail_due = true;
    }

    /// `Record::write`.
    fn write(&mut self, world: &mut World) -> Result<(), Stop> {
        let mut written = true;
        if self.detail_due {
            world.does()?;
            written = self.put_detail(world);
        }
        if written && self.due {
            world.does()?;
            written = self.put_status(world);
        }
        self.note(written, world);
        Ok(())
    }

    /// `Record::write_now`.
    fn write_now(&mut self, world: &mut World) -> Result<(), Stop> {
        self.due = true;
        world.does()?;
        let written = self.put_status(world);
        self.note(written, world);
        Ok(())
    }

    fn note(&mut self, written: bool, world: &World) {
        let later = world.monotonic() + core::time::Duration::from_secs(1);
        self.again = (!written).then_some(later);
    }

    fn put_status(&mut self, world: &mut World) -> bool {
        if !world.full {
            let record: Status = self.machine.status();
            self.written = Some(record.pack());
            world.status = self.written;
            self.due = false;
        }
        !world.full
    }

    fn put_detail(&mut self, world: &mut World) -> bool {
        if !world.full {
            world.detail = self.detail;
            self.detail_due = false;
        }
        !world.full
    }
}
