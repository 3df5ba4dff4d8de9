//! The loop: waits for an event or a deadline, and handles it.

use core::time::Duration;

use daemontools::strerr::Fatal;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::signal::{self, Mask, Signal};
use daemontools::unix::{fd, file, poll, rlimit};
use daemontools::{Args, diag};
use log::debug;

use crate::children::Children;
use crate::container::{Container, Order};
use crate::lock::DirectoryLock;
use crate::main_end::Mains;
use crate::perform::Performer;
use crate::reporter::REPORTER;
use crate::scan::Scan;
use crate::services::Services;
use crate::shutdown::Shutdown;
use crate::signals::{self, HALT, Signals};
use crate::spare::Spare;
use crate::spawn::{Apart, Inheritance, Spawner};
use crate::takeover::Takeover;

/// The time between two scans.
const SCAN: Duration = Duration::from_secs(5);
/// The time between two attempts to lock the directory.
const LOCK_RETRY: Duration = Duration::from_secs(1);
/// Deadlines are rounded up to this, so that a thousand services that fail over and over do
/// not wake svscan a thousand times a second.
const GRAIN: Duration = Duration::from_millis(8);

/// The program: `svscan [--orderly] [directory]`. Returns the exit code, if it cannot begin
/// or was told to stop by a signal that it catches; it never ends by itself.
#[must_use]
pub fn run(args: Args) -> i32 {
    diag::init();
    fd::fill_standard();
    let (dir, caught) = signals::parse(args);
    if let Some(dir) = dir
        && let Err(error) = file::chdir(dir)
    {
        let what: [&[u8]; 2] = [b"unable to chdir to ", dir.to_bytes()];
        return REPORTER.fatal(&what, error).code();
    }
    begin(caught, Svscan::serve)
}

/// Serves the working directory as a container's first process does. Returns the exit code.
pub(crate) fn run_container(caught: &'static [Signal], setup: Setup) -> i32 {
    begin(caught, |mut svscan| {
        if let Err(error) = svscan.signals.catch_halt() {
            return REPORTER.fatal(&[b"unable to catch signals"], error).code();
        }
        svscan.wait_mask = svscan.wait_mask.without_real_time(HALT);
        svscan.spawner.apart = setup.apart;
        svscan.services.mains = setup.mains;
        svscan.scan.prefixes = setup.prefixes;
        svscan.container = Some(setup.container);
        svscan.serve()
    })
}

/// What svinit adds.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) container: Container,
    pub(crate) mains: Mains,
    /// Services without a logger get a `svprefix`.
    pub(crate) prefixes: bool,
    pub(crate) apart: Option<Apart>,
}

/// Notes and changes what children are given back. Then serves, unless that failed. Returns
/// the exit code.
fn begin(caught: &'static [Signal], serve: impl FnOnce(Svscan) -> i32) -> i32 {
    match new(caught) {
        Ok(svscan) => serve(svscan),
        Err(fatal) => fatal.code(),
    }
}

fn new(caught: &'static [Signal]) -> Result<Svscan, Fatal> {
    let child_ignored = signal::is_ignored(Signal::SIGCHLD);
    let inherited = signal::harden();
    let mask = Mask::block(&[Signal::SIGCHLD]);
    let wait_mask = mask.without(&[Signal::SIGCHLD]).without(caught);
    let unable = |error| REPORTER.fatal(&[b"unable to catch signals"], error);
    let children = Children::new().map_err(unable)?;
    let signals = Signals::catch(caught).map_err(unable)?;
    let inheritance = Inheritance {
        mask,
        child_ignored,
        signals: inherited,
        descriptors: rlimit::raise_descriptors(),
    };
    debug!("begins, catches {caught:?}");
    Ok(Svscan {
        wait_mask,
        children,
        signals,
        spawner: Spawner {
            inheritance,
            lock: DirectoryLock::default(),
            apart: None,
        },
        services: Services::default(),
        scan: Scan::default(),
        takeover: Takeover::default(),
        spare: Spare::new(),
        shutdown: Shutdown::default(),
        container: None,
    })
}

/// svscan: each field owns one concern.
#[derive(Debug)]
struct Svscan {
    /// The signal mask while it waits.
    wait_mask: Mask,
    children: Children,
    signals: Signals,
    spawner: Spawner,
    services: Services,
    scan: Scan,
    takeover: Takeover,
    spare: Spare,
    shutdown: Shutdown,
    /// What svinit adds.
    container: Option<Container>,
}

impl Svscan {
    /// Runs until it was told to stop and every service has stopped. Returns the exit code.
    fn serve(mut self) -> i32 {
        if self.stops_before_lock() {
            return 0;
        }
        let mut next_scan = Monotonic::now();
        let mut next_pass = None;
        loop {
            // A wait lets no signal in while a descriptor is readable. Ends are handled
            // before everything else, in the order in which things happen.
            poll::wait_for_signals(Duration::ZERO, &self.wait_mask);
            let now = Monotonic::now();
            let scan = now >= next_scan;
            if self.children.must_reap(scan) {
                self.children.reap(&mut self.services);
            }
            self.takeover
                .take_ended(&mut self.services, &mut self.spare.exits, scan);
            if self.signals.take_stop() {
                self.shutdown.request();
                let again = self.shutdown.is_repeated();
                debug!("told to stop, not for the first time: {again}");
                self.begin_shutdown();
            }
            // In a stop it is one of many that end; all have been told.
            if self.main_has_ended() && !self.shutdown.is_begun() {
                self.shutdown.begin();
                self.begin_shutdown();
            }
            let stopping = self.shutdown.is_begun();
            if self.signals.take_scan() && !stopping {
                self.refresh_mirror();
                self.scan.run_all(&mut self.services, &mut self.spare);
            }
            self.scan.take_events(&mut self.services, &mut self.spare);
            if scan {
                next_scan = now + SCAN;
                let _ = self.spawner.lock.try_lock();
                if !stopping {
                    self.reopen_spare();
                    self.refresh_mirror();
                    self.scan.run(&mut self.services, &mut self.spare);
                }
            }
            let watcher = self.spare.watcher.as_ref();
            let arrivals = self.scan.arrivals.tend(&mut self.services, watcher);
            while self.services.pass_due
                || self.scan.read_due
                || next_pass.is_some_and(|at| at <= now)
            {
                if self.scan.read_due && !stopping {
                    self.scan.read(&mut self.services, &mut self.spare);
                }
                self.scan.read_due = false;
                next_pass = self.pass().map(rounded_up);
            }
            let container = match self.tend_container(now) {
                Tended::Exit(code) => return code,
                Tended::Again => continue,
                Tended::Until(deadline) => deadline,
            };
            let deadlines = [
                Some(next_scan),
                next_pass,
                arrivals.map(rounded_up),
                container,
            ];
            self.wait(deadlines.into_iter().flatten().min());
        }
    }

    /// Waits while another svscan has locked the directory. True if it was told to stop.
    fn stops_before_lock(&mut self) -> bool {
        while self.spawner.lock.must_wait() {
            let retry = Monotonic::now() + LOCK_RETRY;
            if poll::readable([], Some(retry), &self.wait_mask).is_err() {
                poll::pause_until(retry);
            }
            self.children.reap(&mut self.services);
            if self.signals.take_stop() {
                return true;
            }
        }
        false
    }

    /// The one place where svscan waits.
    fn wait(&mut self, deadline: Option<Monotonic>) {
        if poll::readable(self.spare.as_fds(), deadline, &self.wait_mask).is_err() {
            // The kernel is out of memory: a sleep needs none.
            poll::pause_until(Monotonic::now() + Duration::from_secs(1));
            self.children.reap(&mut self.services);
        }
    }

    /// Performs what is due for the services. Gives the time of the next pass.
    fn pass(&mut self) -> Option<Monotonic> {
        self.services.pass_due = false;
        self.takeover.run(&mut self.services, &mut self.spare);
        let mut performer = Performer {
            services: &mut self.services,
            spawner: &mut self.spawner,
            spare: &mut self.spare,
            shutdown: self.shutdown,
        };
        let pass = performer.pass();
        self.scan.read_due |= pass.name_lost;
        pass.next
    }

    /// svscan stops; perhaps it was told so again.
    fn begin_shutdown(&mut self) {
        let again = self.shutdown.is_repeated();
        self.tell_all_to_stop();
        if let Some(container) = &mut self.container {
            container.stop(again);
        }
        self.scan.arrivals.clear();
        self.spare.watcher = None;
    }

    /// Has all supervises told in the next pass.
    fn tell_all_to_stop(&mut self) {
        self.services.table.stop(Monotonic::now());
        self.services.pass_due = true;
    }

    /// Whether a main service of svinit has ended.
    fn main_has_ended(&mut self) -> bool {
        let services = &mut self.services;
        self.container
            .as_mut()
            .is_some_and(|container| container.main_has_ended(services))
    }

    fn refresh_mirror(&mut self) {
        if let Some(container) = &mut self.container {
            container.before_scan();
        }
    }

    /// After a pass: starts svinit's program, or sees to the end of the stop.
    fn tend_container(&mut self, now: Monotonic) -> Tended {
        let stopping = self.shutdown.is_begun();
        let services = &mut self.services;
        let Some(container) = &mut self.container else {
            if stopping && services.table.is_stopped() {
                debug!("all services have stopped");
                return Tended::Exit(0);
            }
            return Tended::Until(None);
        };
        if !stopping {
            container.services_started(services, &self.spawner.inheritance);
            return Tended::Until(container.deadline());
        }
        match container.tend(services, now) {
            Some(Order::Exit) => return Tended::Exit(container.exit_code()),
            Some(Order::KillServices) => self.shutdown.kill_services(),
            Some(Order::HurryLoggers) => self.shutdown.hurry_loggers(),
            None => return Tended::Until(container.deadline()),
        }
        self.tell_all_to_stop();
        Tended::Again
    }

    /// Opens descriptors again that were given up, if there is room for them now.
    fn reopen_spare(&mut self) {
        let missing = self.spare.watcher.is_none() || self.takeover.lacks_exit_watch(&self.spare);
        let reserve = match missing {
            true => self.spare.reserve(),
            false => None,
        };
        if reserve.is_none() {
            return;
        }
        if self.spare.reopen_watcher()
            && let Some(watcher) = &self.spare.watcher
        {
            self.scan.arrivals.watch_again(watcher);
            self.scan.forget_stamp();
        }
        self.takeover.reopen_exit_watch(&mut self.spare);
        drop(reserve);
    }
}

/// What follows for the loop.
#[derive(Clone, Copy, Debug)]
enum Tended {
    /// It is over, with this exit code.
    Exit(i32),
    /// Something is due at once.
    Again,
    /// Nothing is due before this moment.
    Until(Option<Monotonic>),
}

/// The first whole [`GRAIN`] after a moment.
fn rounded_up(moment: Monotonic) -> Monotonic {
    let grain = u64::try_from(GRAIN.as_nanos()).unwrap_or(1);
    Monotonic((moment.0 / grain + 1) * grain)
}
