//! Descriptors that svscan can do without: they only make it quicker than a scan every five
//! seconds. Where descriptors run out they are closed one by one, since a service cannot do
//! without its pipe; a later scan opens them again when there is room.

use core::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd};

use daemontools::unix::dir::Dir;
use daemontools::unix::exit_watch::ExitWatch;
use daemontools::unix::inotify::{Inotify, Watch};
use daemontools::{Errno, Result};
use log::debug;

use crate::pipes::Pipe;

/// The number of pipes that have to stay possible when descriptors are opened again.
const RESERVE: usize = 8;

/// inotify, with its watch on the scan directory.
#[derive(Debug)]
pub(crate) struct Watcher {
    pub(crate) inotify: Inotify,
    /// The watch on the scan directory.
    pub(crate) root: Watch,
}

impl Watcher {
    /// Watches the working directory for new names.
    ///
    /// # Errors
    /// Those of inotify.
    fn new() -> Result<Self> {
        let inotify = Inotify::new()?;
        let root = inotify.arrivals(c".")?;
        Ok(Self { inotify, root })
    }

    /// Watches a directory for every change in it.
    ///
    /// # Errors
    /// Those of `inotify_add_watch(2)`.
    pub(crate) fn watch(&self, path: &CStr) -> Result<Watch> {
        self.inotify.anything(path)
    }
}

/// The descriptors that svscan can do without.
#[derive(Debug)]
pub(crate) struct Spare {
    /// Tells of new names at once.
    pub(crate) watcher: Option<Watcher>,
    /// The scan directory, opened.
    pub(crate) directory: Option<Dir>,
    /// Tells of the ends of supervises that were taken over.
    pub(crate) exits: Option<ExitWatch>,
    /// Descriptors ran out since the last scan.
    ran_out: bool,
}

impl Spare {
    /// Opens those that are needed before the first scan: names that appear during the scan
    /// are noticed too.
    pub(crate) fn new() -> Self {
        Self {
            watcher: Watcher::new().ok(),
            directory: Dir::open(c".").ok(),
            exits: None,
            ran_out: false,
        }
    }

    /// What a poll waits for.
    pub(crate) fn as_fds(&self) -> [Option<BorrowedFd<'_>>; 2] {
        let watcher = self.watcher.as_ref();
        [
            watcher.map(|watcher| watcher.inotify.as_fd()),
            self.exits.as_ref().map(AsFd::as_fd),
        ]
    }

    /// Attempts something that takes descriptors, and again each time that it fails for
    /// lack of them and there is one to give up.
    ///
    /// # Errors
    /// Those of the attempt.
    pub(crate) fn attempt<T>(
        &mut self,
        mut attempt: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<T> {
        loop {
            match attempt(self) {
                Err(Errno::EMFILE | Errno::ENFILE) if self.give_up() => {}
                result => return result,
            }
        }
    }

    /// Closes the one whose loss costs least; false if none is left.
    fn give_up(&mut self) -> bool {
        self.ran_out = true;
        let given_up = if self.exits.take().is_some() {
            "the pidfds of adopted supervises"
        } else if self.directory.take().is_some() {
            "the scan directory"
        } else if self.watcher.take().is_some() {
            "inotify"
        } else {
            return false;
        };
        debug!("out of descriptors: closes {given_up}");
        true
    }

    /// At a scan: pipes that stay possible after descriptors were opened again, to be closed
    /// then. `None` if there is no room for them, and at the first scan after descriptors
    /// ran out.
    pub(crate) fn reserve(&mut self) -> Option<[Option<Pipe>; RESERVE]> {
        if core::mem::take(&mut self.ran_out) {
            return None;
        }
        let mut pipes = [const { None }; RESERVE];
        for pipe in &mut pipes {
            *pipe = Some(Pipe::new().ok()?);
        }
        Some(pipes)
    }

    /// Opens inotify again; says whether it did.
    pub(crate) fn reopen_watcher(&mut self) -> bool {
        if self.watcher.is_some() {
            return false;
        }
        self.watcher = Watcher::new().ok();
        if self.watcher.is_some() {
            debug!("opens inotify again");
        }
        self.watcher.is_some()
    }
}
