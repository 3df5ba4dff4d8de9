//! The turn from one file to the next. Each step leaves the directory in a state
//! from which a successor finds every byte, and nothing gets a mode or a name that
//! says "safe" before it is on the disk.

use std::os::fd::OwnedFd;

use daemontools::unix::file;

use crate::dir::Log;
use crate::finished::Code;
use crate::journal::{Journal, Place};
use crate::pause;

/// The mode of `current` while it is written.
const WRITTEN: u32 = 0o644;

/// The mode of a file that is complete and safe on the disk.
const SAFE: u32 = 0o744;

impl Log {
    /// Finishes the file and begins another.
    #[cold]
    pub(crate) fn turn(&mut self, journal: &mut Journal) {
        let dir = self.name();
        self.enter();
        pause::until(&[b"unable to write ", dir, b"/current to disk"], || {
            file::sync(&self.current.fd)
        });
        // Whatever becomes of its name, all so far is in this file.
        self.note(0, journal);
        if self.finish_at_once() {
            drop(self.begin(journal));
            self.archive.remove_oldest(&self.directory);
        } else {
            self.finish_as_previous(journal);
        }
    }

    /// Gives the file its name as a finished one, if nothing has to be done with it
    /// and nothing is in the way. If not, the long way tells what is.
    fn finish_at_once(&mut self) -> bool {
        if self.spec.processor.is_some() || core::mem::take(&mut self.has_previous) {
            return false;
        }
        let fd = &self.current.fd;
        file::fstat(fd).is_ok_and(|facts| facts.links == 1)
            && file::set_mode(fd, SAFE).is_ok()
            && self.archive.try_to_take(c"current", &self.directory)
    }

    /// As the reference does it: the file is `previous` until it is processed.
    fn finish_as_previous(&mut self, journal: &mut Journal) {
        let dir = self.name();
        pause::until(
            &[b"unable to rename current to previous in directory ", dir],
            || file::rename(c"current", c"previous"),
        );
        let full = self.begin(journal);
        pause::until(&[b"unable to set mode of ", dir, b"/previous"], || {
            file::set_mode(&full, SAFE)
        });
        if let Some(command) = self.spec.processor {
            drop(full);
            self.process(command);
            return;
        }
        let links = pause::until(&[b"unable to stat ", dir, b"/previous"], || {
            file::fstat(&full).map(|facts| facts.links)
        });
        drop(full);
        self.archive
            .take(c"previous", links, Code::Safe, &self.directory);
    }

    /// Begins another file; gives the one so far.
    fn begin(&mut self, journal: &mut Journal) -> OwnedFd {
        let dir = self.name();
        let fresh = pause::until(&[b"unable to create ", dir, b"/current"], || {
            file::open_append_nofollow(c"current", WRITTEN)
        });
        let facts = file::fstat(&fresh).ok();
        let full = core::mem::replace(&mut self.current.fd, fresh);
        self.size = 0;
        (self.current.end, self.current.grown) = (0, false);
        self.note(facts.map_or(0, |facts| facts.identity.inode), journal);
        if facts.is_none_or(|facts| facts.mode & 0o7777 != WRITTEN) {
            pause::until(&[b"unable to set mode of ", dir, b"/current"], || {
                file::set_mode(&self.current.fd, WRITTEN)
            });
        }
        full
    }

    /// Tells the journal which file is written now, and from where in the output.
    fn note(&mut self, inode: u64, journal: &mut Journal) {
        self.current.inode = inode;
        let place = &mut journal.state.places[self.index];
        *place = Place {
            inode,
            size: 0,
            done: self.sure,
            ..*place
        };
        journal.commit();
    }
}
