//! The files of a log: bytes are cut by the rule and appended to `current`, and a full
//! file is rotated: it becomes a finished one and another begins.

use std::os::fd::OwnedFd;

use daemontools::logdir::Code;
use daemontools::strerr::Fatal;
use daemontools::unix::file;

use super::archive::Archive;
use super::current::{Current, SAFE};
use super::{cut, processor, recover};
use crate::journal::{Journal, Place};
use crate::message::retry;

/// The files of a log.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) archive: Archive,
    current: Current,
    /// Which of the journal's places is its own.
    index: usize,
    /// Whether a file `previous` exists, which the next rotation replaces.
    has_previous: bool,
    /// How many bytes of the pending input's output are written.
    written: u64,
    /// How many bytes of output that comes next a process that was killed has written.
    skip: u64,
}

impl Files {
    /// Names the files that an earlier process left, and opens `current`.
    pub(super) fn open(
        mut archive: Archive,
        index: usize,
        journal: &mut Journal,
    ) -> Result<Self, Fatal> {
        let skip = recover::written(journal.state.places[index]);
        journal.set_place(index, 0, 0, skip);
        let continues = recover::name_leftovers(&mut archive)?;
        let has_previous = continues && file::stat(c"previous").is_ok();
        let mut current = Current::open(archive.spec.path)?;
        journal.set_place(index, current.inode, current.len, skip);
        let size = archive.spec.size;
        if cut::is_near(size, current.len) && current.ends_a_line() {
            // It is finished, but its process was killed before it was rotated.
            current.len = size;
        }
        Ok(Self {
            archive,
            current,
            index,
            has_previous,
            written: 0,
            skip,
        })
    }

    /// Appends bytes, and rotates where the rule says so.
    pub(super) fn write(&mut self, mut bytes: &[u8], journal: &mut Journal) {
        if self.skip > 0 {
            let skip = usize::try_from(self.skip).map_or(bytes.len(), |n| n.min(bytes.len()));
            self.skip -= skip as u64;
            self.written += skip as u64;
            bytes = &bytes[skip..];
        }
        let size = self.archive.spec.size;
        while !bytes.is_empty() {
            if self.current.len >= size {
                self.rotate(journal);
            }
            let cut = cut::cut(size, self.current.len, bytes);
            let (now, rest) = bytes.split_at(cut.take);
            self.current.append(now);
            self.written += now.len() as u64;
            if cut.finishes {
                self.rotate(journal);
            }
            bytes = rest;
        }
    }

    /// Finishes `current`, if it holds anything, and begins another.
    pub(super) fn rotate_unless_empty(&mut self, journal: &mut Journal) {
        if self.current.len > 0 {
            self.rotate(journal);
        }
    }

    /// Finishes `current` and begins another. Each step leaves the directory in a state
    /// from which a successor finds every byte, and no file gets a mode or a name that
    /// says "safe" before it is on the disk.
    #[cold]
    fn rotate(&mut self, journal: &mut Journal) {
        let dir = self.archive.path();
        retry(&[b"unable to switch to ", dir], || {
            file::fchdir(&self.archive.directory)
        });
        self.current.sync();
        // Whatever becomes of its name, the output so far is in this file.
        journal.set_place(self.index, 0, 0, self.written);
        if self.finish_at_once() {
            self.begin(journal);
            self.archive.remove_oldest();
            return;
        }
        // As the reference does it: the file is `previous` until it is processed.
        retry(
            &[b"unable to rename current to previous in directory ", dir],
            || file::rename(c"current", c"previous"),
        );
        let full = self.begin(journal);
        retry(&[b"unable to set mode of ", dir, b"/previous"], || {
            file::set_mode(&full, SAFE)
        });
        if let Some(command) = self.archive.spec.processor {
            drop(full);
            processor::process(&mut self.archive, command);
            return;
        }
        let links = retry(&[b"unable to stat ", dir, b"/previous"], || {
            file::fstat(&full).map(|facts| facts.links)
        });
        self.archive.add(c"previous", links, Code::Safe);
    }

    /// Makes `current` a finished file by one rename, if no processor is wanted and no
    /// file is in the way; says whether it did.
    fn finish_at_once(&mut self) -> bool {
        if self.archive.spec.processor.is_some() || core::mem::take(&mut self.has_previous) {
            return false;
        }
        let fd = &self.current.fd;
        file::fstat(fd).is_ok_and(|facts| facts.links == 1)
            && file::set_mode(fd, SAFE).is_ok()
            && self.archive.try_add(c"current")
    }

    /// Begins another `current`; gives the file so far.
    fn begin(&mut self, journal: &mut Journal) -> OwnedFd {
        let full = self.current.replace();
        journal.set_place(self.index, self.current.inode, 0, self.written);
        full
    }

    /// Ends the output of the pending input, all of which is written, and gives what the
    /// journal has to know.
    pub(super) fn place(&mut self, selected: bool) -> Place {
        (self.written, self.skip) = (0, 0);
        Place {
            inode: self.current.inode,
            size: self.current.end(),
            done: 0,
            selected,
        }
    }

    /// Makes `current` safe, and says so by its mode.
    pub(super) fn close(&self) {
        self.current.close();
    }
}
