//! What the scan directory leads to: one name, all names, or every five seconds
//! those that nobody tells us about.

mod again;
mod trouble;

use core::ffi::CStr;

use daemontools::Errno;
use daemontools::unix::dir::{Dir, Hint};
use daemontools::unix::file::{self, Identity, Kind};

use crate::arrival::Manner;
use crate::path::Path;
use crate::slot::{Mark, Role};
use crate::work::{Svscan, now};
use crate::{ME, farewell};

pub(crate) use trouble::Trouble;

impl Svscan {
    /// The scan of every five seconds: the whole directory only if it has changed
    /// or is new to us. What does not show there, where a link leads and whether a
    /// service has got a logger, is looked at for some services each time.
    pub(crate) fn scan(&mut self) {
        let stamp = file::stat(c".").ok().map(|facts| facts.changed);
        if stamp.is_none() || stamp != self.stamp {
            self.read_all();
            // Names that were made within one tick of the file system's clock leave
            // the same stamp: one more time after every change.
            self.stamp = if stamp == self.last_stamp {
                stamp
            } else {
                None
            };
            self.last_stamp = stamp;
        } else {
            self.look_at_troubles();
        }
        self.look_at_some();
        self.changed |= self.table.scanned(now());
    }

    /// Reads the whole scan directory.
    pub(crate) fn read_all(&mut self) {
        self.rescan = false;
        self.changed = true;
        let dir = match self.dir.take().map_or_else(|| Dir::open(c"."), Ok) {
            Ok(dir) => dir,
            Err(error) => return self.cannot_read(error),
        };
        if !self.begun {
            self.make_room(&dir);
        }
        self.table.begin_scan();
        for trouble in &mut self.troubles {
            trouble.met = false;
        }
        let before = self.table.len();
        let read = dir.each(|name, hint| {
            let manner = match hint {
                Hint::Other => return,
                _ if !self.begun => Manner::Found,
                Hint::Link => Manner::Linked,
                Hint::Directory | Hint::Unknown => Manner::Made,
            };
            self.consider(name, manner, before);
        });
        match read {
            Ok(()) => {
                self.dir = Some(dir);
                self.dir_said = false;
                self.begun = true;
                self.table.end_scan();
                self.troubles.retain(|trouble| trouble.met);
            }
            Err(error) => self.cannot_read(error),
        }
    }

    /// Room in the table for what will be found, in one piece: growing as it is
    /// found would leave twice as much memory behind.
    fn make_room(&mut self, dir: &Dir) {
        let (mut count, mut bytes) = (0, 0);
        // Trouble shows when the directory is read again.
        let _ = dir.each(|name, hint| {
            if hint != Hint::Other && name.to_bytes().first() != Some(&b'.') {
                count += 1;
                bytes += name.count_bytes() + 1;
            }
        });
        self.table.reserve(count, bytes);
    }

    fn cannot_read(&mut self, error: Errno) {
        if !self.dir_said {
            ME.warning(&[b"unable to read directory"], error);
        }
        self.dir_said = true;
        self.stamp = None;
        self.last_stamp = None;
    }

    /// Looks at one name of the scan directory. `before` is how many services there
    /// were before the scan: only those may have been replaced.
    pub(crate) fn consider(&mut self, name: &CStr, manner: Manner, before: usize) {
        if name.to_bytes().first() == Some(&b'.') {
            return;
        }
        let facts = match file::stat(name) {
            Ok(facts) => facts,
            // It has gone since its name was read.
            Err(_) if file::lstat(name).is_err_and(|error| error == Errno::ENOENT) => return,
            Err(error) => return self.trouble(name, b"", Some(error)),
        };
        if facts.kind != Kind::Directory {
            if is_link(name) {
                self.trouble(name, b"", None);
            }
            return;
        }
        if let Some(slot) = self.table.find(facts.identity) {
            if !self.troubles.is_empty() {
                self.troubles.retain(|trouble| trouble.name() != name);
            }
            if self.table.name(slot) != name {
                self.table[slot].set(Mark::Link, is_link(name));
            }
            // Without memory for another name it keeps the old one.
            let _ = self.table.meet(slot, name);
            self.changed = true;
            return;
        }
        if !self.waits(name, facts.identity, manner) {
            self.begin(name, facts.identity, before);
        }
    }

    /// Takes in a service that is new to us, to be started in the next pass: what is
    /// written to the table between two forks would have to be copied each time.
    pub(crate) fn begin(&mut self, name: &CStr, identity: Identity, before: usize) {
        self.changed = true;
        if let Some(old) = self.table.namesake(name, before)
            && self.part_from(old)
        {
            self.table.replace(old, identity);
            self.table[old].set(Mark::Link, is_link(name));
            self.table[old].told();
            return;
        }
        let log = Path::new(&[name.to_bytes(), b"/log"]);
        let logged = match log.and_then(|log| file::stat(log.as_c_str())) {
            Ok(_) => true,
            Err(Errno::ENOENT) => false,
            Err(error) => return self.trouble(name, b"/log", Some(error)),
        };
        match self.table.insert(name, identity, now()) {
            Ok(slot) => {
                self.table[slot].set(Mark::Link, is_link(name));
                self.table[slot].set(Mark::Logged, logged);
                self.unseen = true;
                self.troubles.retain(|trouble| trouble.name() != name);
            }
            Err(error) => self.trouble(name, b"", Some(error)),
        }
    }

    /// If the directory of the service `old` was removed, tells its supervise to
    /// end: another directory has its name now. Otherwise the old service is not to
    /// be disturbed.
    fn part_from(&mut self, old: usize) -> bool {
        let service = self.table[old].pid(Role::Service);
        let Some(pid) = service.or_else(|| self.table[old].pid(Role::Log)) else {
            return false;
        };
        match farewell::is_homeless(pid) {
            Ok(false) => false,
            Ok(true) if service.is_none() => true,
            Ok(true) => farewell::by_descriptor(pid, farewell::DOWN_AND_EXIT).is_ok(),
            Err(error) => {
                if file::stat(c"/proc/self").is_err() && !self.proc_said {
                    self.proc_said = true;
                    ME.warning(
                        &[b"unable to see whether a directory was removed and made again: /proc"],
                        error,
                    );
                }
                false
            }
        }
    }
}

/// Whether a name is a symbolic link.
pub(crate) fn is_link(name: &CStr) -> bool {
    file::lstat(name).is_ok_and(|facts| facts.kind == Kind::Link)
}
