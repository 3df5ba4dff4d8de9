//! The loop: waits for a change, an end or a deadline, and sees to it.

use core::time::Duration;
use std::os::fd::AsFd;
use std::rc::Rc;

use daemontools::unix::clock::Monotonic;
use daemontools::unix::dir::Dir;
use daemontools::unix::inotify::Inotify;
use daemontools::unix::process::{self, End};
use daemontools::unix::signal::{self, Caught, Mask, Signal};
use daemontools::unix::{fd, file, poll, rlimit};
use daemontools::{Args, diag};

use crate::ME;
use crate::pair::{Inheritance, UNBORN};
use crate::table::{Ended, Table};
use crate::work::{Svscan, now};

/// The time between two scans.
const SCAN: Duration = Duration::from_secs(5);
/// Deadlines are rounded up to this many milliseconds, so that a thousand services
/// that fail over and over don't wake us a thousand times a second.
const GRAIN: u32 = 8;
/// How many ended children are taken in at once.
const ENDS: usize = 64;

/// The program: `svscan [directory]`. Gives the exit code, if it can't begin; once
/// it has begun it never ends by itself. TERM and HUP end it, at their defaults.
#[must_use]
pub fn run(args: Args) -> i32 {
    diag::init();
    fd::fill_standard();
    if let Some(dir) = args.get(1)
        && let Err(error) = file::chdir(dir)
    {
        return ME.fatal(&[b"unable to chdir to ", dir.to_bytes()], error);
    }
    let child_ignored = signal::is_ignored(Signal::SIGCHLD);
    let signals = signal::harden();
    let mask = Mask::block(&[Signal::SIGCHLD]);
    let child_ended = match Caught::new(Signal::SIGCHLD) {
        Ok(caught) => caught,
        Err(error) => return ME.fatal(&[b"unable to catch signals"], error),
    };
    let inheritance = Inheritance {
        mask,
        child_ignored,
        signals,
        descriptors: rlimit::raise_descriptors(),
    };
    // Before the first scan: what is made during it is told.
    let notify = Inotify::new()
        .and_then(|inotify| {
            inotify
                .arrivals(c".")
                .map(|watch| (Rc::new(inotify), watch))
        })
        .ok();
    let svscan = Svscan {
        inheritance,
        table: Table::default(),
        arrivals: Vec::new(),
        troubles: Vec::new(),
        dir: Dir::open(c".").ok(),
        dir_said: false,
        notify,
        stamp: None,
        last_stamp: None,
        rescan: false,
        begun: false,
        cursor: 0,
        changed: false,
        proc_said: false,
    };
    svscan.serve(&child_ended)
}

impl Svscan {
    fn serve(mut self, child_ended: &Caught) -> ! {
        let mask = self.inheritance.mask.without(&[Signal::SIGCHLD]);
        let mut next_scan = Monotonic::now();
        let mut next_pass = None;
        loop {
            let time = Monotonic::now();
            // At every scan too: a sandbox may have refused us the children.
            if child_ended.take() || time >= next_scan {
                self.reap();
            }
            self.notice();
            if time >= next_scan {
                next_scan = time + SCAN;
                self.scan();
            }
            let arrivals = self.tend_arrivals().map(moment);
            while self.changed || self.rescan || next_pass.is_some_and(|at| at <= time) {
                if self.rescan {
                    self.read_all();
                }
                next_pass = self.pass().map(moment);
            }
            let deadline = [Some(next_scan), next_pass, arrivals];
            let deadline = deadline.into_iter().flatten().min();
            let waited = match &self.notify {
                Some((notify, _)) => poll::readable([notify.as_fd()], deadline, &mask).map(drop),
                None => poll::readable([], deadline, &mask).map(drop),
            };
            if waited.is_err() {
                // Out of memory, in the kernel: a moment's sleep needs none.
                poll::pause_until(Monotonic::now() + Duration::from_secs(1));
                self.reap();
            }
        }
    }

    /// Takes in all children that have ended.
    fn reap(&mut self) {
        loop {
            let mut ends = [Ended::default(); ENDS];
            let mut count = 0;
            while count < ENDS
                && let Ok(Some((pid, end))) = process::reap()
            {
                ends[count] = Ended {
                    pid: pid.as_raw().unsigned_abs(),
                    unborn: end == End::Exited(UNBORN),
                };
                count += 1;
            }
            if count == 0 {
                return;
            }
            ends[..count].sort_unstable();
            self.table.ended(&ends[..count], now());
            self.changed = true;
        }
    }
}

/// The moment that lies at least `wait` milliseconds ahead.
fn moment(wait: u32) -> Monotonic {
    let time = Monotonic::now();
    // The next whole grain after the tick that is meant.
    let grain = u64::from(GRAIN) * 1_000_000;
    let meant = time.0 + u64::from(wait) * 1_000_000;
    Monotonic(if wait == 0 {
        meant
    } else {
        (meant / grain + 1) * grain
    })
}
