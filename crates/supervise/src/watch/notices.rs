//! Notices of changes from the kernel, each good for one change and so asked for again
//! and again: what supervise itself does wants none, and a service that makes and
//! removes files all day must not wake it each time.

use core::time::Duration;
use std::os::fd::OwnedFd;

use daemontools::servicedir::SUPERVISE;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::file;
use daemontools::unix::notify::{self, Changes};
use daemontools::unix::signal::Signal;

/// The least time between two notices of changes in the service directory, where
/// the service may be making and removing files all day.
const CALM: Duration = Duration::from_secs(5);

/// So many notices within a second are taken one by one; of more, none until the second
/// is over. Somebody who makes names in `supervise/` all day must not keep us busy.
const MOST: u32 = 4;
const SECOND: Duration = Duration::from_secs(1);

/// How often to look where the kernel gives no notice.
const LOOK: Duration = Duration::from_secs(30);

/// What notice is asked for.
#[derive(Debug)]
pub(super) struct Notices {
    /// The service directory, locked; `None` where it can't be opened.
    here: Option<OwnedFd>,
    /// `supervise/`.
    directory: Option<OwnedFd>,
    /// Whether notice from the service directory is to be asked for, and when it
    /// may be.
    ask_here: bool,
    calm_until: Monotonic,
    /// Whether the kernel gives notice of changes in `supervise/`.
    given: bool,
    /// Whether notice from there may have been asked for, and whether it surely is.
    asked: (bool, bool),
    /// How many notices may have come since when.
    came: u32,
    since: Monotonic,
}

impl Notices {
    /// Of changes in the service directory, which stays open, and in `supervise/`.
    pub(super) fn new(here: Option<OwnedFd>) -> Self {
        if let Some(here) = &here {
            notify::prepare(here, Signal::SIGCHLD);
        }
        let mut notices = Self {
            here,
            directory: None,
            ask_here: true,
            calm_until: Monotonic(0),
            given: false,
            asked: (false, false),
            came: 0,
            since: Monotonic(0),
        };
        notices.open_directory();
        notices
    }

    /// When [`ask`](Self::ask) has something to do even if nothing happens.
    pub(super) fn deadline(&self) -> Option<Monotonic> {
        let here = self.ask_here.then_some(self.calm_until);
        let flooded = (self.came > MOST && !self.asked.1).then(|| self.since + SECOND);
        [here, flooded].into_iter().flatten().min()
    }

    /// No notice of what changes in `supervise/` until [`ask`](Self::ask).
    pub(super) fn hush(&mut self) {
        if let (Some(directory), true) = (&self.directory, self.asked.0) {
            let _ = notify::once(directory, Changes::None);
        }
        self.asked = (false, false);
    }

    /// A notice may have come: the next one has to be asked for.
    pub(super) fn noticed(&mut self, now: Monotonic) {
        self.ask_here = true;
        self.asked.1 = false;
        if self.since + SECOND <= now {
            (self.came, self.since) = (0, now);
        }
        self.came += 1;
    }

    /// Whether more notices came within this second than are taken.
    fn is_flooded(&self, now: Monotonic) -> bool {
        self.came > MOST && now < self.since + SECOND
    }

    /// Opens `supervise/`, which may be another than before.
    pub(super) fn open_directory(&mut self) {
        self.directory = file::open_directory(SUPERVISE).ok();
        self.asked = (false, false);
        if let Some(directory) = &self.directory {
            notify::prepare(directory, Signal::SIGCHLD);
        }
    }

    /// Asks the kernel for notice of changes, as a SIGCHLD: the signal that says
    /// "look". Where there is no notice, looks every now and then.
    pub(super) fn ask(&mut self, now: Monotonic) {
        if !self.asked.1 && !self.is_flooded(now) {
            let directory = self.directory.as_ref();
            self.given = directory.is_some_and(|fd| notify::once(fd, Changes::Names).is_ok());
            self.asked = (self.given, self.given);
            if self.since + SECOND <= now {
                self.came = 0;
            }
        }
        if self.ask_here && self.calm_until <= now {
            if let Some(here) = &self.here {
                let _ = notify::once(here, Changes::Departures);
            }
            self.ask_here = !self.given;
            self.calm_until = now + if self.given { CALM } else { LOOK };
        }
    }
}
