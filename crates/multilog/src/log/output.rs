//! Output of one log that is not written yet: what was gathered in a buffer, and then a
//! run of bytes that lie in the input.

use core::ops::Range;

use daemontools::Result;
use daemontools::unix::memory;

use crate::script::{SHORT, Stamp};

/// How much is gathered before it is written.
const ROOM: usize = 128 << 10;
/// The length of a run that is written from where it lies; a shorter one is copied, since
/// a write of its own costs more.
const LONG: usize = 24 << 10;

/// Gathered bytes and a run of input behind them.
#[derive(Debug)]
pub(super) struct Output {
    buffer: &'static mut [u8],
    filled: usize,
    run: Range<usize>,
}

impl Output {
    /// Nothing is gathered.
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            buffer: memory::anonymous(ROOM)?,
            filled: 0,
            run: 0..0,
        })
    }

    /// Whether `len` bytes can be gathered.
    pub(super) const fn has_room(&self, len: usize) -> bool {
        self.filled + len <= ROOM - SHORT
    }

    /// Gathers few bytes, for which there is room.
    #[inline]
    pub(super) fn gather(&mut self, bytes: &[u8]) {
        self.buffer[self.filled..self.filled + bytes.len()].copy_from_slice(bytes);
        self.filled += bytes.len();
    }

    /// Gathers a stamp and a line, for which there is room. Short ones are copied at a
    /// fixed length, which takes no call.
    #[inline]
    pub(super) fn gather_line(&mut self, stamp: &Stamp, line: Range<usize>, input: &[u8]) {
        let room = &mut self.buffer[self.filled..];
        match stamp.as_short() {
            Some(short) => room[..SHORT].copy_from_slice(short),
            None => room[..stamp.len()].copy_from_slice(stamp.as_bytes()),
        }
        let room = &mut room[stamp.len()..];
        match input.get(line.start..line.start + SHORT) {
            Some(short) if line.len() <= SHORT => room[..SHORT].copy_from_slice(short),
            _ => room[..line.len()].copy_from_slice(&input[line.clone()]),
        }
        self.filled += stamp.len() + line.len();
    }

    /// Continues the run by a range that begins where it ends; says whether it does.
    #[inline]
    pub(super) fn continue_run(&mut self, range: &Range<usize>) -> bool {
        let continues = self.run.end == range.start && !self.run.is_empty();
        if continues {
            self.run.end = range.end;
        }
        continues
    }

    /// Begins a run where there is none.
    #[inline]
    pub(super) fn begin_run(&mut self, range: Range<usize>) {
        self.run = range;
    }

    /// Gathers the run, if it is short and there is room; says whether there is none left.
    #[inline]
    pub(super) fn gather_run(&mut self, input: &[u8]) -> bool {
        let run = self.run.clone();
        let gathers = run.len() < LONG && self.has_room(run.len());
        if gathers {
            self.gather(&input[run]);
            self.run = 0..0;
        }
        gathers
    }

    /// What has to be written: the gathered bytes and the run behind them.
    pub(super) fn contents(&mut self, input: &[u8]) -> (&[u8], Range<usize>) {
        if self.filled > 0 {
            self.gather_run(input);
        }
        (&self.buffer[..self.filled], self.run.clone())
    }

    /// All of it is written.
    pub(super) fn clear(&mut self) {
        (self.filled, self.run) = (0, 0..0);
    }

    /// Gives the memory of the buffer, of which nothing is filled, back to the kernel.
    pub(super) fn give_back(&mut self) {
        memory::give_back(self.buffer);
    }
}
