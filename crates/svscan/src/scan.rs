//! The scan directory: one name, all names, or every five seconds those services whose
//! changes nothing notices.

mod again;

use core::ffi::CStr;

use daemontools::Errno;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::dir::{Dir, Hint};
use daemontools::unix::file::{self, Kind};
use daemontools::unix::inotify::{Change, Event};
use log::debug;

use crate::arrival::Origin;
use crate::arrivals::Arrivals;
use crate::reporter::REPORTER;
use crate::services::{Services, is_link};
use crate::spare::{Spare, Watcher};

/// The time of a directory's last change.
type Stamp = (i64, i64);

/// What is known of the scan directory.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// New directories that may still be being filled.
    pub(crate) arrivals: Arrivals,
    /// The whole directory is to be read before the next pass.
    pub(crate) read_due: bool,
    /// The directory's last change when it was read; `None` to read it in any case.
    stamp: Option<Stamp>,
    /// Its last change at the scan before.
    previous_stamp: Option<Stamp>,
    /// It has been read once.
    begun: bool,
    /// Services without a logger get a `svprefix`, unless there is one service alone.
    pub(crate) prefixes: bool,
    /// That it cannot be read has been reported.
    failure_reported: bool,
    /// The service that was looked at last.
    cursor: usize,
}

impl Scan {
    /// The scan every five seconds. Reads the whole directory only if it has changed. The
    /// target of a link and a new logger do not show there, so each scan also looks at a
    /// share of the services.
    pub(crate) fn run(&mut self, services: &mut Services, spare: &mut Spare) {
        let stamp = file::stat(c".").ok().map(|facts| facts.changed);
        if stamp.is_none() || stamp != self.stamp {
            self.read(services, spare);
            // Names made within one tick of the file system's clock leave the same stamp:
            // the directory is read once more after every change.
            self.stamp = match stamp == self.previous_stamp {
                true => stamp,
                false => None,
            };
            self.previous_stamp = stamp;
        } else {
            self.look_at_unusable(services, spare.watcher.as_ref());
        }
        self.look_at_some(services, spare.watcher.as_ref());
        services.pass_due |= services.table.scanned(Monotonic::now());
    }

    /// Reads the whole directory at the next scan.
    pub(crate) fn forget_stamp(&mut self) {
        self.stamp = None;
    }

    /// Reads the whole directory now.
    pub(crate) fn read(&mut self, services: &mut Services, spare: &mut Spare) {
        self.read_due = false;
        services.pass_due = true;
        let open = |spare: &mut Spare| match spare.directory.take() {
            Some(directory) => Ok(directory),
            None => Dir::open(c"."),
        };
        let directory = match spare.attempt(open) {
            Ok(directory) => directory,
            Err(error) => return self.cannot_read(error),
        };
        if !self.begun {
            let count = reserve(services, &directory);
            services.prefixes = self.prefixes && count != 1;
        }
        services.table.begin_scan();
        services.unusable.begin_scan();
        let before = services.table.len();
        let watcher = spare.watcher.as_ref();
        let result = directory.each(|name, hint| {
            let origin = match hint {
                Hint::Other => return,
                _ if !self.begun => Origin::FirstScan,
                Hint::Link => Origin::Linked,
                Hint::Directory | Hint::Unknown => Origin::Made,
            };
            self.consider(name, origin, before, services, watcher);
        });
        match result {
            Ok(()) => {
                spare.directory = Some(directory);
                self.failure_reported = false;
                self.begun = true;
                services.prefixes = self.prefixes;
                let Services { table, pipes, .. } = services;
                table.end_scan(|slot| {
                    debug!("{:?}: removed from the table", slot.name);
                    if let Some(pipe) = slot.pipe() {
                        pipes.close(pipe);
                    }
                });
                services.unusable.end_scan();
                debug!("scan: {} services", services.table.len());
            }
            Err(error) => self.cannot_read(error),
        }
    }

    fn cannot_read(&mut self, error: Errno) {
        debug!("scan: unable to read directory: {error}");
        if !self.failure_reported {
            REPORTER.warning(&[b"unable to read directory"], error);
        }
        self.failure_reported = true;
        self.stamp = None;
        self.previous_stamp = None;
    }

    /// Looks at one name of the scan directory. `before` is the number of services before
    /// the scan: only those may have been replaced.
    fn consider(
        &mut self,
        name: &CStr,
        origin: Origin,
        before: usize,
        services: &mut Services,
        watcher: Option<&Watcher>,
    ) {
        if name.to_bytes().first() == Some(&b'.') {
            return;
        }
        let facts = match file::stat(name) {
            Ok(facts) => facts,
            // It was removed after its name was read.
            Err(_) if file::lstat(name).is_err_and(|error| error == Errno::ENOENT) => return,
            Err(error) => return services.unusable.add(name, b"", Some(error)),
        };
        if facts.kind != Kind::Directory {
            if is_link(name) {
                services.unusable.add(name, b"", None);
            }
            return;
        }
        if let Some(number) = services.table.find(facts.identity) {
            services.unusable.remove(name);
            if services.table[number].name.as_c_str() != name {
                services.table[number].is_link = is_link(name);
            }
            // Without memory for another name it keeps the old one.
            let _ = services.table.meet(number, name);
            services.pass_due = true;
            return;
        }
        debug!("{name:?}: seen, {origin:?}");
        if !self.arrivals.hold(name, facts.identity, origin, watcher) {
            services.admit(name, facts.identity, before);
        }
    }

    /// Takes in what inotify tells.
    pub(crate) fn take_events(&mut self, services: &mut Services, spare: &mut Spare) {
        let Some(watcher) = &spare.watcher else {
            return;
        };
        let result = watcher.inotify.each(|event| match event {
            Event::Lost => {
                debug!("inotify lost events: reads the directory");
                self.read_due = true;
            }
            Event::In(watch, change, name) if watch == watcher.root => {
                self.appeared(change, name, services, watcher);
            }
            Event::In(watch, change, _) => self.arrivals.changed(watcher, watch, change),
        });
        if let Err(error) = result {
            debug!("inotify: {error}: goes on without it");
            spare.watcher = None;
            self.read_due = true;
        }
    }

    /// A name has appeared in the scan directory.
    fn appeared(
        &mut self,
        change: Change,
        name: &CStr,
        services: &mut Services,
        watcher: &Watcher,
    ) {
        let origin = match (change, file::lstat(name)) {
            // It was removed again.
            (_, Err(_)) => return,
            // Only a scan reports names that lead nowhere.
            _ if file::stat(name).is_err() => return,
            (Change::MovedHere, _) => Origin::Moved,
            (_, Ok(facts)) if facts.kind == Kind::Link => Origin::Linked,
            _ => Origin::Made,
        };
        services.pass_due = true;
        let before = services.table.len();
        self.consider(name, origin, before, services, Some(watcher));
    }
}

/// Reserves room in the table for all names, at once: growing it name by name would leave
/// twice the memory behind. Gives their number.
fn reserve(services: &mut Services, directory: &Dir) -> usize {
    let mut count = 0;
    // A failure shows when the directory is read again.
    let _ = directory.each(|name, hint| {
        if hint != Hint::Other && name.to_bytes().first() != Some(&b'.') {
            count += 1;
        }
    });
    services.table.reserve(count);
    count
}
