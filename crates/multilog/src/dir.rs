//! One log: its directory, the file that is written, and the account of where the
//! next cut may be.

use core::ffi::CStr;
use core::ops::Range;
use std::os::fd::OwnedFd;

use daemontools::Errno;
use daemontools::unix::dir::Dir;
use daemontools::unix::{fd, file, memory};

use crate::archive::Archive;
use crate::journal::{Journal, Place};
use crate::output::{LONG, Output};
use crate::pause;
use crate::rotate::{Flow, Limit, Write};
use crate::script::LogSpec;

/// The file that is written.
#[derive(Debug)]
pub(crate) struct Current {
    pub(crate) fd: OwnedFd,
    pub(crate) path: &'static CStr,
    /// Its inode.
    pub(crate) inode: u64,
    /// How many bytes of the output are written already, by a process that was
    /// killed.
    pub(crate) skip: u64,
    /// Where it ended after the last look.
    pub(crate) end: u64,
    /// Whether something was appended since.
    pub(crate) grown: bool,
}

impl Current {
    /// Where what was appended last ended. Somebody may have cut the file before, so it
    /// is not what was counted.
    fn end(&mut self) -> u64 {
        if core::mem::take(&mut self.grown)
            && let Ok(end) = file::offset(&self.fd)
        {
            self.end = end;
        }
        self.end
    }

    /// Appends bytes, all of them, however long it takes.
    pub(crate) fn append(&mut self, mut bytes: &[u8]) {
        if self.skip > 0 {
            let skip = bytes
                .len()
                .min(usize::try_from(self.skip).unwrap_or(usize::MAX));
            self.skip -= skip as u64;
            bytes = &bytes[skip..];
        }
        while !bytes.is_empty() {
            match fd::write(&self.fd, bytes) {
                Ok(0) => self.trouble(Errno::EIO),
                Ok(count) => {
                    self.grown = true;
                    bytes = &bytes[count..];
                }
                Err(Errno::EINTR) => {}
                // The bytes are the journal's, and its file has no page for them.
                Err(Errno::EFAULT) if memory::let_go() => {}
                Err(error) => self.trouble(error),
            }
        }
    }

    fn trouble(&self, error: Errno) {
        pause::because(
            &[b"unable to write to ", self.path.to_bytes(), b"/current"],
            error,
        );
    }
}

/// A log.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) spec: LogSpec,
    /// Which of the journal's places is its own.
    pub(crate) index: usize,
    pub(crate) directory: Dir,
    /// The finished files.
    pub(crate) archive: Archive,
    /// Whether there is a file `previous`, which the next one replaces.
    pub(crate) has_previous: bool,
    /// Held for the life of the process.
    pub(crate) _lock: OwnedFd,
    pub(crate) current: Current,
    /// Size of the file at the point of the output that [`Log::sure`] tells;
    /// negative where that lies before the beginning of the file.
    pub(crate) size: i64,
    /// Up to where in the whole output the cuts are decided.
    pub(crate) sure: u64,
    pub(crate) flow: Flow,
    pub(crate) output: Output,
    /// Whether the long line that is going on is selected.
    pub(crate) selected: bool,
}

impl Log {
    /// Begins with other input, whose output goes to the end of the file.
    pub(crate) fn restart(&mut self) {
        self.output.restart();
        self.sure = 0;
        self.current.skip = 0;
    }

    /// What the journal has to know between two inputs.
    pub(crate) fn place(&mut self) -> Place {
        Place {
            inode: self.current.inode,
            size: self.current.end(),
            done: 0,
            selected: self.selected,
        }
    }

    /// Adds a whole line: what stands in front, and the line with its newline.
    #[inline]
    pub(crate) fn line(
        &mut self,
        stamp: &[u8],
        line: Range<usize>,
        input: &[u8],
        journal: &mut Journal,
    ) {
        let text = stamp.len() + line.len() - 1;
        self.pieces(stamp, line, input);
        self.put(text, input, journal);
        self.put(1, input, journal);
    }

    /// Adds bytes without telling the account of cuts.
    #[inline]
    pub(crate) fn pieces(&mut self, stamp: &[u8], run: Range<usize>, input: &[u8]) {
        let (output, sure) = (&mut self.output, self.sure);
        let write = &mut |bytes: &[u8]| self.current.append(bytes);
        if stamp.is_empty() {
            output.add_run(run, input, sure, write);
            return;
        }
        output.add(stamp, input, sure, write);
        if run.len() < LONG {
            output.add(&input[run], input, sure, write);
        } else {
            output.add_run(run, input, sure, write);
        }
    }

    /// A piece of the output that is complete.
    #[inline]
    pub(crate) fn put(&mut self, len: usize, input: &[u8], journal: &mut Journal) {
        let [held, through] = self.flow.put(len);
        if held.0 + through.0 > 0 {
            self.write(held, input, journal);
            self.write(through, input, journal);
        }
    }

    /// Pieces of one byte each.
    pub(crate) fn put_bytes(&mut self, mut len: usize, input: &[u8], journal: &mut Journal) {
        while len > 0 {
            let count = match self.flow.room() {
                0 => 1,
                room => len.min(room),
            };
            self.put(count, input, journal);
            len -= count;
        }
    }

    /// The reference would have read again here, and written what it had.
    #[inline]
    pub(crate) fn flush(&mut self, input: &[u8], journal: &mut Journal) {
        let held = self.flow.flush();
        self.write(held, input, journal);
    }

    /// Output up to here is decided, without a cut: what [`Log::plain_room`]
    /// allows.
    pub(crate) fn skip_ahead(&mut self, len: usize) {
        self.sure += len as u64;
        self.size += len as i64;
    }

    /// How many bytes can be added before a cut has to be thought of.
    pub(crate) fn plain_room(&self) -> u64 {
        let limit = Limit(self.spec.size).near_from().cast_signed();
        (limit - self.size - 1).max(0).cast_unsigned()
    }

    #[inline]
    fn write(&mut self, Write(len): Write, input: &[u8], journal: &mut Journal) {
        let after = self.size + len as i64;
        if after < 0 || !Limit(self.spec.size).is_near(after.cast_unsigned()) {
            self.skip_ahead(len);
        } else if len > 0 {
            self.write_near(len, input, journal);
        }
    }

    /// Writes what may have a cut within.
    #[cold]
    fn write_near(&mut self, len: usize, input: &[u8], journal: &mut Journal) {
        let limit = Limit(self.spec.size);
        let mut rest = len;
        while rest > 0 {
            if self.size >= 0 && limit.is_reached(self.size.cast_unsigned()) {
                self.write_out(input);
                self.turn(journal);
            }
            let bytes = self.output.peek(self.sure, rest, input);
            let cut = limit.cut(self.size.max(0).cast_unsigned(), bytes);
            self.skip_ahead(cut.take);
            rest -= cut.take;
            if cut.finish {
                self.write_out(input);
                self.turn(journal);
            }
        }
    }

    /// Writes all that is decided.
    pub(crate) fn write_out(&mut self, input: &[u8]) {
        let write = &mut |bytes: &[u8]| self.current.append(bytes);
        self.output.write_to(self.sure, input, write);
    }

    /// At the end of the input: writes all that is left of its output.
    pub(crate) fn finish_input(&mut self, input: &[u8], journal: &mut Journal) {
        self.flush(input, journal);
        self.write_out(input);
    }

    /// Makes the log's directory the working directory.
    pub(crate) fn enter(&self) {
        pause::until(&[b"unable to switch to ", self.name()], || {
            file::fchdir(&self.directory)
        });
    }

    /// The directory as the script names it.
    pub(crate) fn name(&self) -> &'static [u8] {
        self.spec.path.to_bytes()
    }

    /// Makes the file safe, and says so by its mode.
    pub(crate) fn close(&mut self) {
        let dir = self.name();
        pause::until(&[b"unable to write ", dir, b"/current to disk"], || {
            file::sync(&self.current.fd)
        });
        pause::until(&[b"unable to set mode of ", dir, b"/current"], || {
            file::set_mode(&self.current.fd, 0o744)
        });
    }
}
