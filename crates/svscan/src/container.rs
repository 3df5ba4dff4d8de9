//! What svinit adds to svscan: main services and a program with which all ends, a stop that
//! is over in time, and the processes that services leave behind.
//!
//! `ending` decides, without I/O.

mod ending;
mod program;
mod strays;
mod termination_log;

use core::time::Duration;

use daemontools::strerr::Decimal;
use daemontools::unix::clock::Monotonic;
use log::debug;

use crate::main_end::MainEnd;
use crate::mirror::Mirror;
use crate::reporter::REPORTER;
use crate::services::Services;
use crate::slot::Role;
use crate::spawn::Inheritance;

pub(crate) use ending::Order;
use ending::{Ending, Facts};
pub(crate) use program::Program;
use strays::Strays;

/// What svinit has and svscan has not.
#[derive(Debug)]
pub(crate) struct Container {
    mirror: Option<Mirror>,
    program: Option<Program>,
    ending: Ending,
    strays: Strays,
    /// The exit code, once a main service or the program has ended.
    code: Option<i32>,
}

impl Container {
    /// `limit`: how long services get to stop.
    pub(crate) const fn new(
        mirror: Option<Mirror>,
        program: Option<Program>,
        limit: Duration,
    ) -> Self {
        Self {
            mirror,
            program,
            ending: Ending::new(limit),
            strays: Strays::new(),
            code: None,
        }
    }

    /// A scan is about to be made.
    pub(crate) fn before_scan(&mut self) {
        if let Some(mirror) = &mut self.mirror {
            mirror.refresh();
        }
    }

    /// The services were started, as far as that can be done now: starts the program, once.
    pub(crate) fn services_started(&mut self, services: &mut Services, given: &Inheritance) {
        if let Some(program) = &mut self.program
            && let Some(pid) = program.start(given)
        {
            services.mains.program = Some(pid);
        }
    }

    /// Whether a main service or the program has ended since the last call: all others are to
    /// be stopped.
    pub(crate) fn main_has_ended(&mut self, services: &mut Services) -> bool {
        let Some(end) = services.mains.first.take().filter(|_| self.code.is_none()) else {
            return false;
        };
        self.code = Some(end.code);
        if self.program.is_some() {
            program::take_terminal_back();
        }
        tell(&end);
        true
    }

    /// svinit stops; `again`: it was told more than once.
    pub(crate) fn stop(&mut self, again: bool) {
        self.ending.begin(Monotonic::now(), again);
        if let Some(program) = &mut self.program {
            program.stop(again);
        }
    }

    /// After [`Self::stop`]: what has to be done to the services now.
    pub(crate) fn tend(&mut self, services: &Services, now: Monotonic) -> Option<Order> {
        let table = &services.table;
        let services_are_down = table.services_are_down() && services.mains.program.is_none();
        let kills = self.ending.kills(now);
        if services_are_down {
            self.strays.signal(services, kills);
        }
        let order = self.ending.order(Facts {
            now,
            services_are_down,
            all_stopped: table.is_stopped(),
            strays: self.strays.are_there(),
        });
        match order {
            Some(Order::KillServices) => {
                self.name_those_killed(services);
                if let Some(program) = &mut self.program {
                    program.stop(true);
                }
            }
            Some(Order::HurryLoggers) => {
                let names = table
                    .iter()
                    .filter(|slot| slot.pid(Role::Log).is_some())
                    .map(|slot| slot.name.to_bytes());
                warn_of(b"loggers that do not end are told to: ", names);
            }
            Some(Order::Exit) | None => {}
        }
        order
    }

    /// The next moment at which [`Self::tend`] has something to do without another event.
    pub(crate) fn deadline(&self) -> Option<Monotonic> {
        let start = self.program.as_ref().and_then(Program::next_start);
        [self.ending.deadline(), start].into_iter().flatten().min()
    }

    /// The exit code of a stop.
    pub(crate) fn exit_code(&self) -> i32 {
        self.code.unwrap_or(0)
    }

    fn name_those_killed(&self, services: &Services) {
        let seconds = self.ending.limit().as_secs_f64();
        let program = self
            .program
            .as_ref()
            .filter(|_| services.mains.program.is_some());
        let names = services
            .table
            .iter()
            .filter(|slot| slot.pid(Role::Service).is_some())
            .map(|slot| slot.name.to_bytes())
            .chain(program.map(|program| program.name().to_bytes()));
        let what = format!("killed after {seconds} s: ");
        warn_of(what.as_bytes(), names);
    }
}

/// One line about all that are named.
fn warn_of<'a>(what: &[u8], names: impl Iterator<Item = &'a [u8]>) {
    let names: Vec<&[u8]> = names.collect();
    if !names.is_empty() {
        REPORTER.warning(&[what, &names.join(&b" "[..])], None);
    }
}

/// Says which main service has ended, and how.
fn tell(end: &MainEnd) {
    let code = Decimal::new(u64::from(end.code.unsigned_abs()));
    let what: [&[u8]; 3] = [
        end.name.to_bytes(),
        b" has ended for good, exit code ",
        code.as_bytes(),
    ];
    debug!("{:?}: the main service has ended: {}", end.name, end.code);
    REPORTER.plain(&what, None);
    termination_log::write(&what);
}
