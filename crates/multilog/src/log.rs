//! One log: a directory, and the output for it that is not written yet.

mod archive;
mod current;
mod cut;
mod files;
mod output;
mod processor;
mod recover;

use core::ops::Range;
use std::os::fd::OwnedFd;

use daemontools::strerr::Fatal;
use daemontools::unix::dir::Dir;

use crate::journal::{Journal, Place};
use crate::message::ME;
use crate::script::{LogSpec, Stamp};
use archive::Archive;
use files::Files;
use output::Output;

/// Bytes of this length are written from where they lie; fewer are copied, since a write of
/// their own costs more.
const LONG: usize = 24 << 10;

/// A log directory that is locked, before its files are opened.
#[derive(Debug)]
pub(crate) struct Entered {
    archive: Archive,
    lock: OwnedFd,
}

/// A log.
#[derive(Debug)]
pub(crate) struct Log {
    files: Files,
    output: Output,
    /// Locked as long as the process lives.
    _lock: OwnedFd,
    /// Whether the line that was handled last is selected.
    pub(crate) selected: bool,
}

impl Entered {
    /// Makes a log's directory if it does not exist, enters it and locks it.
    ///
    /// # Errors
    /// The directory cannot be opened or locked.
    pub(crate) fn enter(spec: LogSpec) -> Result<Self, Fatal> {
        recover::enter(spec).map(|(archive, lock)| Self { archive, lock })
    }

    /// The directory.
    pub(crate) const fn directory(&self) -> &Dir {
        &self.archive.directory
    }

    /// The directory as the script names it.
    pub(crate) fn path(&self) -> &'static [u8] {
        self.archive.path()
    }

    /// Opens the log, whose place in the journal has this index.
    ///
    /// # Errors
    /// A file cannot be looked at or opened.
    pub(crate) fn open(self, index: usize, journal: &mut Journal) -> Result<Log, Fatal> {
        let selected = journal.state.places[index].selected;
        Ok(Log {
            files: Files::open(self.archive, index, journal)?,
            output: Output::new().map_err(|error| ME.fatal(&[b"out of memory"], error))?,
            _lock: self.lock,
            selected,
        })
    }
}

impl Log {
    /// Adds bytes as they are.
    #[inline]
    pub(crate) fn add(&mut self, bytes: &[u8], journal: &mut Journal) {
        if bytes.len() >= LONG {
            self.write_out(journal);
            self.files.write(bytes, journal);
            return;
        }
        if !self.output.has_room(bytes.len()) {
            self.write_out(journal);
        }
        self.output.gather(bytes);
    }

    /// Adds whole lines that lie in the input, each behind a stamp.
    pub(crate) fn add_lines(
        &mut self,
        stamp: &Stamp,
        lines: Range<usize>,
        input: &[u8],
        journal: &mut Journal,
    ) {
        let mut at = lines.start;
        for newline in memchr::memchr_iter(b'\n', &input[lines.clone()]) {
            let line = at..lines.start + newline + 1;
            at = line.end;
            if !self.output.has_room(stamp.len() + line.len()) {
                self.write_out(journal);
            }
            if line.len() < LONG {
                self.output.gather_line(stamp, line, input);
            } else {
                self.add(stamp.as_bytes(), journal);
                self.add(&input[line], journal);
            }
        }
    }

    /// Writes all that was added.
    pub(crate) fn write_out(&mut self, journal: &mut Journal) {
        self.files.write(self.output.bytes(), journal);
        self.output.clear();
    }

    /// Finishes `current`, if it holds anything, and begins another.
    pub(crate) fn rotate_unless_empty(&mut self, journal: &mut Journal) {
        self.files.rotate_unless_empty(journal);
    }

    /// Ends the output of the pending input, all of which is written, and gives what the
    /// journal has to know.
    pub(crate) fn place(&mut self) -> Place {
        self.files.place(self.selected)
    }

    /// The directory.
    pub(crate) const fn directory(&self) -> &Dir {
        &self.files.archive.directory
    }

    /// The directory as the script names it.
    pub(crate) fn path(&self) -> &'static [u8] {
        self.files.archive.path()
    }

    /// Gives memory that is not in use back to the kernel.
    pub(crate) fn give_back(&mut self) {
        self.output.give_back();
    }

    /// Makes `current` safe, and says so by its mode.
    pub(crate) fn close(&self) {
        self.files.close();
    }
}
