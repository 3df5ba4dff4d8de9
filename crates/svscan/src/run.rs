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
use daemontools::{Args, Result, TEMPORARY, diag};

use crate::ME;
use crate::left;
use crate::orders::{self, Orders};
use crate::others::Others;
use crate::pair::{Inheritance, UNBORN};
use crate::slot::Cause;
use crate::sole::Sole;
use crate::table::{Ended, Table};
use crate::work::{Svscan, now};

/// The time between two scans.
const SCAN: Duration = Duration::from_secs(5);
/// The time between two looks whether another svscan has ended.
const TURN: Duration = Duration::from_secs(1);
/// Deadlines are rounded up to this many milliseconds, so that a thousand services
/// that fail over and over don't wake us a thousand times a second.
const GRAIN: u32 = 8;
/// How many ended children are taken in at once.
const ENDS: usize = 64;

/// The program: `svscan [--orderly] [directory]`. Gives the exit code, if it can't
/// begin or was told to stop; it never ends by itself. Unless it takes them, TERM, INT
/// and HUP end it alone, at their defaults.
#[must_use]
pub fn run(args: Args) -> i32 {
    diag::init();
    fd::fill_standard();
    let (dir, taken) = orders::parse(args);
    if let Some(dir) = dir
        && let Err(error) = file::chdir(dir)
    {
        return ME
            .fatal(&[b"unable to chdir to ", dir.to_bytes()], error)
            .code();
    }
    let child_ignored = signal::is_ignored(Signal::SIGCHLD);
    let signals = signal::harden();
    let mask = Mask::block(&[Signal::SIGCHLD]);
    let wait_mask = mask.without(&[Signal::SIGCHLD]).without(taken);
    let caught = Caught::new(Signal::SIGCHLD).and_then(|child| Ok((child, Orders::new(taken)?)));
    let (child_ended, orders) = match caught {
        Ok(caught) => caught,
        Err(error) => return ME.fatal(&[b"unable to catch signals"], error).code(),
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
        sole: Sole::default(),
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
        reap_again: false,
        proc_said: false,
        others: None,
        unseen: false,
        takeover_said: false,
        stop: 0,
    };
    svscan.serve(&child_ended, &orders, &wait_mask)
}

impl Svscan {
    /// Gives the exit code, once it was told to stop and all has ended.
    fn serve(mut self, child_ended: &Caught, orders: &Orders, mask: &Mask) -> i32 {
        while self.sole.must_wait() {
            let turn = Monotonic::now() + TURN;
            if poll::readable([], Some(turn), mask).is_err() {
                poll::pause_until(turn);
            }
            self.reap();
            if orders.stop() {
                return 0;
            }
        }
        let mut next_scan = Monotonic::now();
        let mut next_pass = None;
        loop {
            // Where there always is something to read, waiting lets none in; and ends come
            // before whatever was told or changed meanwhile.
            poll::wait_for_signals(Duration::ZERO, mask);
            let time = Monotonic::now();
            // Only then: each look costs a look at every child.
            if child_ended.take() || (self.reap_again && time >= next_scan) {
                self.reap();
            }
            self.take_others(time >= next_scan);
            if orders.stop() {
                self.stop = self.stop.saturating_add(1);
                self.table.stop(now());
                self.arrivals.clear();
                self.notify = None;
                self.changed = true;
            }
            if orders.rescan() && self.stop == 0 {
                self.scan_all();
            }
            self.notice();
            if time >= next_scan {
                next_scan = time + SCAN;
                let _ = self.sole.claim();
                if self.stop == 0 {
                    self.scan();
                }
            }
            let arrivals = self.tend_arrivals().map(moment);
            while self.changed || self.rescan || next_pass.is_some_and(|at| at <= time) {
                if self.rescan && self.stop == 0 {
                    self.read_all();
                }
                self.rescan = false;
                next_pass = self.pass().map(moment);
            }
            if self.stop > 0 && self.table.is_over() {
                return 0;
            }
            let deadline = [Some(next_scan), next_pass, arrivals];
            let deadline = deadline.into_iter().flatten().min();
            if self.wait(deadline, mask).is_err() {
                // Out of memory, in the kernel: a moment's sleep needs none.
                poll::pause_until(Monotonic::now() + Duration::from_secs(1));
                self.reap();
            }
        }
    }

    /// The one place where svscan waits.
    fn wait(&self, deadline: Option<Monotonic>, mask: &Mask) -> Result<()> {
        let notify = self.notify.as_ref().map(|(notify, _)| notify.as_fd());
        let others = self.others.as_ref().and_then(Others::as_fd);
        poll::readable([notify, others], deadline, mask).map(drop)
    }

    /// Takes in the ends of supervises that were taken over: those that were told, and
    /// at a scan those that are not told.
    fn take_others(&mut self, scan: bool) {
        let (table, changed) = (&mut self.table, &mut self.changed);
        let mut ended = |pid| {
            let cause = left::cause(table, pid);
            table.ended(&[Ended { pid, cause }], now());
            *changed = true;
        };
        if let Some(others) = &mut self.others {
            others.take(&mut ended);
            if scan {
                others.look(&mut ended);
            }
        }
    }

    /// Takes in all children that have ended.
    fn reap(&mut self) {
        self.reap_again = false;
        loop {
            let mut ends = [Ended::default(); ENDS];
            let mut count = 0;
            while count < ENDS {
                let (pid, end) = match process::reap() {
                    Ok(Some(ended)) => ended,
                    Ok(None) => break,
                    // No kernel does this, but a sandbox may.
                    Err(_) => {
                        self.reap_again = true;
                        break;
                    }
                };
                ends[count] = Ended {
                    pid: pid.as_raw().unsigned_abs(),
                    cause: match end {
                        End::Exited(0) => Cause::Told,
                        End::Exited(TEMPORARY) => Cause::Refused,
                        End::Exited(UNBORN) => Cause::Unborn,
                        End::Exited(_) | End::Killed(_) => Cause::Crash,
                    },
                };
                count += 1;
            }
            if count == 0 {
                return;
            }
            ends[..count].sort_unstable();
            self.table.ended(&ends[..count], now());
            self.unseen |= ends[..count].iter().any(|end| end.cause == Cause::Refused);
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
