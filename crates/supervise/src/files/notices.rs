//! Notices of changes from the kernel. Each is good for one change and has to be asked for
//! again. supervise asks for none while it changes files itself, and limits how often it
//! is woken by a service that makes and removes files all day.

use core::time::Duration;
use std::os::fd::OwnedFd;

use daemontools::servicedir::SUPERVISE;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::file;
use daemontools::unix::notify::{self, Changes};
use daemontools::unix::signal::Signal;

/// The least time between two notices from the service directory.
const SERVICE_INTERVAL: Duration = Duration::from_secs(5);

/// As many notices from `supervise/` are taken at once within a [`WINDOW`]; after more, none
/// is asked for until the window is over.
const BURST: u32 = 4;
const WINDOW: Duration = Duration::from_secs(1);

/// How often the files are looked at where the kernel gives no notice.
const POLL_INTERVAL: Duration = Duration::from_secs(30);

/// What notices are asked for.
#[derive(Debug)]
pub(super) struct Notices {
    /// The service directory, locked; `None` where it cannot be opened.
    service: Option<OwnedFd>,
    /// A notice from it has to be asked for, not before `service_at`.
    service_due: bool,
    service_at: Monotonic,
    /// `supervise/`.
    directory: Option<OwnedFd>,
    /// The kernel gives notice of changes in `supervise/`.
    supported: bool,
    /// A notice from there may still be asked for.
    may_be_armed: bool,
    /// A notice from there is asked for, and has not come yet.
    armed: bool,
    /// How many notices may have come since `window_start`.
    count: u32,
    window_start: Monotonic,
}

impl Notices {
    /// Prepares notices from the service directory, which stays open, and from
    /// `supervise/`.
    pub(super) fn new(service: Option<OwnedFd>) -> Self {
        if let Some(service) = &service {
            notify::prepare(service, Signal::SIGCHLD);
        }
        let mut notices = Self {
            service,
            service_due: true,
            service_at: Monotonic(0),
            directory: None,
            supported: false,
            may_be_armed: false,
            armed: false,
            count: 0,
            window_start: Monotonic(0),
        };
        notices.open_directory();
        notices
    }

    /// When [`arm`](Self::arm) is due without an event.
    pub(super) fn deadline(&self) -> Option<Monotonic> {
        let service = self.service_due.then_some(self.service_at);
        let window_end = self.window_start + WINDOW;
        let directory = (self.count > BURST && !self.armed).then_some(window_end);
        [service, directory].into_iter().flatten().min()
    }

    /// No notice comes from `supervise/` until [`arm`](Self::arm).
    pub(super) fn disarm(&mut self) {
        if let (Some(directory), true) = (&self.directory, self.may_be_armed) {
            let _ = notify::once(directory, Changes::None);
        }
        self.may_be_armed = false;
        self.armed = false;
    }

    /// A notice may have come: the next has to be asked for.
    pub(super) fn note(&mut self, now: Monotonic) {
        self.service_due = true;
        self.armed = false;
        if self.window_start + WINDOW <= now {
            self.count = 0;
            self.window_start = now;
        }
        self.count += 1;
    }

    /// Whether there were more notices in this window than are taken at once.
    fn is_flooded(&self, now: Monotonic) -> bool {
        self.count > BURST && now < self.window_start + WINDOW
    }

    /// Opens `supervise/`, which may be another directory than before.
    pub(super) fn open_directory(&mut self) {
        self.directory = file::open_directory(SUPERVISE).ok();
        self.may_be_armed = false;
        self.armed = false;
        if let Some(directory) = &self.directory {
            notify::prepare(directory, Signal::SIGCHLD);
        }
    }

    /// Asks the kernel for notices. They come as SIGCHLD, the signal that says "look".
    /// Where there are none, the service directory is looked at every
    /// [`POLL_INTERVAL`].
    pub(super) fn arm(&mut self, now: Monotonic) {
        if !self.armed && !self.is_flooded(now) {
            let directory = self.directory.as_ref();
            self.supported = directory.is_some_and(|fd| notify::once(fd, Changes::Names).is_ok());
            self.may_be_armed = self.supported;
            self.armed = self.supported;
            if self.window_start + WINDOW <= now {
                self.count = 0;
            }
        }
        if self.service_due && self.service_at <= now {
            if let Some(service) = &self.service {
                let _ = notify::once(service, Changes::Departures);
            }
            self.service_due = !self.supported;
            let interval = match self.supported {
                true => SERVICE_INTERVAL,
                false => POLL_INTERVAL,
            };
            self.service_at = now + interval;
        }
    }
}
