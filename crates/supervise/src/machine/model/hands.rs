//! What `setup.rs`, `work.rs`, `work/start.rs` and `record.rs` do, on the model's world.
//! Each thing that is seen outside asks the world first, which may have supervise killed
//! there.

use daemontools::command::Command;
use daemontools::servicedir::status::{STATUS_LEN, Status, Want};
use daemontools::unix::clock::Monotonic;
use daemontools::unix::signal::Signal;

use super::super::{Action, Event, Machine};
use super::promise::Promise;
use super::world::{Stop, World, broken};
use crate::verdict::{Evidence, Seen, Verdict, judge};
use daemontools::servicedir::detail::{Detail, MainProcess};

#[derive(Clone, Debug)]
pub(super) struct Supervise {
    pub(super) machine: Machine,
    pub(super) detail: Detail,
    pub(super) written: Option<[u8; STATUS_LEN]>,
    pub(super) due: bool,
    pub(super) detail_due: bool,
    /// When the record, and when the detail file, is to be tried again.
    pub(super) again: Option<Monotonic>,
    pub(super) detail_again: Option<Monotonic>,
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
                here: &world.here(),
                seen,
                at_home: true,
            };
            judge(&evidence, world.clocks())
        });
        let by_file = if world.normally_down {
            Want::Down
        } else {
            Want::Up
        };
        let (machine, identity) = match (verdict, record, seen) {
            (Verdict::Adopt(want), Some(status), Seen::Born(born)) => {
                let status = Status {
                    want: want.unwrap_or(by_file),
                    ..status
                };
                let age = (world.now - world.boot_at).saturating_sub(born * 10) * 1_000_000;
                let started = Monotonic(world.monotonic().0 - age);
                let pid = status.pid;
                (
                    Machine::adopt(&status, started),
                    Some(MainProcess {
                        pid,
                        start_time: born,
                    }),
                )
            }
            (Verdict::Ended(want), ..) => (Machine::new(want, world.wall()), None),
            _ => (Machine::new(by_file, world.wall()), None),
        };
        let mut this = Self {
            machine,
            detail: Detail {
                process: identity,
                boot: world.boot_id(),
                init: world.here().init,
                directory: Some(world.here().directory),
                ..Detail::default()
            },
            written: None,
            due: false,
            detail_due: false,
            again: None,
            detail_again: None,
            left: false,
        };
        this.mark_detail(world);
        promise.expects(this.machine.status().want);
        this.write_status(world)?;
        Ok((this, verdict))
    }

    /// The rest of a turn of the loop: what time has brought, then the files.
    pub(super) fn settle(&mut self, world: &mut World, promise: &mut Promise) -> Result<(), Stop> {
        self.tell(Event::Time, world, promise)?;
        if self.is_due(world) {
            self.write(world)?;
        }
        if self.left {
            world.does()?;
        }
        Ok(())
    }

    pub(super) fn ended(&mut self, world: &mut World, promise: &mut Promise) -> Result<(), Stop> {
        self.detail.process = None;
        let at = world.wall();
        self.tell(Event::Ended(at), world, promise)?;
        self.mark_detail(world);
        Ok(())
    }

    /// Another svscan has taken it over: [`TAKEN_OVER`](daemontools::command::TAKEN_OVER).
    pub(super) fn taken_over(&mut self, world: &World) {
        self.mark_detail(world);
    }

    /// `Work::end`: by TERM.
    pub(super) fn terminated(&mut self, world: &mut World) -> Result<(), Stop> {
        self.detail.terminated = true;
        self.mark_detail(world);
        self.write(world)
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

    /// The child waits at its gate, which opens when it is on disk. supervise, killed
    /// before, leaves no process.
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
        self.detail.process = Some(MainProcess {
            pid: process.pid,
            start_time: process.born,
        });
        self.mark_detail(world);
        self.write(world)?;
        world.does()?;
        world.services.push(process);
        Ok(())
    }

    fn mark_detail(&mut self, world: &World) {
        self.detail.seen = Some(world.ticks());
        self.detail.since = Some(self.machine.status().since.label());
        self.detail_due = true;
    }

    fn is_due(&self, world: &World) -> bool {
        let now = |again: Option<Monotonic>| again.is_none_or(|at| at <= world.monotonic());
        (self.due && now(self.again)) || (self.detail_due && now(self.detail_again))
    }

    /// `Record::write`.
    fn write(&mut self, world: &mut World) -> Result<(), Stop> {
        if self.due {
            self.write_status(world)?;
        }
        if self.detail_due {
            world.does()?;
            self.detail_again = world.again();
            if !world.full {
                world.detail = self.detail;
                self.detail_due = false;
            }
        }
        Ok(())
    }

    /// `Record::write_status`.
    fn write_status(&mut self, world: &mut World) -> Result<(), Stop> {
        self.due = true;
        world.does()?;
        self.again = world.again();
        if !world.full {
            let record: Status = self.machine.status();
            self.written = Some(record.pack());
            world.status = self.written;
            self.due = false;
        }
        Ok(())
    }
}
