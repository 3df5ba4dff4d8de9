//! Output of one log on its way to the file: first what was gathered in a buffer,
//! then a run of bytes that are taken straight from the input.

use core::ops::Range;

use daemontools::unix::memory;

use crate::pattern::SEEN;
use crate::pause;
use crate::stamp::{SHORT, Stamp};

/// How much is gathered before it is written.
const ROOM: usize = 128 << 10;
/// Of it, what is kept free for what cannot be written yet.
const MARGIN: usize = 4 << 10;
/// When this much is gathered, it is written before another line is added.
const FULL: usize = ROOM - MARGIN - SEEN - SHORT;
/// A run so long is not copied: a write of its own costs as much as that.
pub(crate) const LONG: usize = 24 << 10;

/// The output that is not written yet.
#[derive(Debug)]
pub(crate) struct Output {
    gathered: &'static mut [u8],
    filled: usize,
    /// Where in the input the run lies.
    run: Range<usize>,
    /// Where in the whole output of this input all that begins.
    offset: u64,
}

impl Output {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        let gathered = pause::until(&[b"out of memory"], || memory::anonymous(ROOM));
        Self {
            gathered,
            filled: 0,
            run: 0..0,
            offset: 0,
        }
    }

    /// Begins the output of other input.
    pub(crate) fn restart(&mut self) {
        self.filled = 0;
        self.run = 0..0;
        self.offset = 0;
    }

    /// Adds few bytes by copying them. What comes before `sure` in the whole output
    /// may be written now; of the rest there is little.
    #[inline]
    pub(crate) fn add(
        &mut self,
        bytes: &[u8],
        input: &[u8],
        sure: u64,
        write: &mut impl FnMut(&[u8]),
    ) {
        if !self.run.is_empty() {
            self.gather_run(input, sure, write);
        }
        if self.filled + bytes.len() > ROOM - MARGIN {
            self.write_to(sure, input, write);
        }
        self.gathered[self.filled..self.filled + bytes.len()].copy_from_slice(bytes);
        self.filled += bytes.len();
    }

    /// Adds bytes of the input, as [`Output::add`] does.
    #[inline]
    pub(crate) fn add_run(
        &mut self,
        run: Range<usize>,
        input: &[u8],
        sure: u64,
        write: &mut impl FnMut(&[u8]),
    ) {
        if self.run.end == run.start && !self.run.is_empty() {
            self.run.end = run.end;
            return;
        }
        if !self.run.is_empty() {
            self.gather_run(input, sure, write);
        }
        self.run = run;
    }

    /// Leaves no run behind, so that lines can be added one after the other.
    pub(crate) fn flatten(&mut self, input: &[u8], sure: u64, write: &mut impl FnMut(&[u8])) {
        if !self.run.is_empty() {
            self.gather_run(input, sure, write);
        }
    }

    /// Whether there may be no room for a line.
    #[inline]
    pub(crate) const fn is_filled(&self) -> bool {
        self.filled > FULL
    }

    /// Adds a line of at most [`SEEN`] bytes, its stamp among them, by copying it;
    /// there is room, and no run.
    #[inline]
    pub(crate) fn add_line(&mut self, stamp: &Stamp, line: Range<usize>, input: &[u8]) {
        let room = &mut self.gathered[self.filled..];
        let len = stamp.len() + line.len();
        if let Some(short) = stamp.as_short() {
            room[..SHORT].copy_from_slice(short);
        } else {
            room[..stamp.len()].copy_from_slice(stamp.as_bytes());
        }
        let room = &mut room[stamp.len()..];
        match input.get(line.start..line.start + SHORT) {
            Some(short) if line.len() <= SHORT => room[..SHORT].copy_from_slice(short),
            _ => room[..line.len()].copy_from_slice(&input[line]),
        }
        self.filled += len;
    }

    /// Makes room for another run.
    fn gather_run(&mut self, input: &[u8], sure: u64, write: &mut impl FnMut(&[u8])) {
        if self.run.len() >= LONG || self.filled + self.run.len() > ROOM - MARGIN {
            self.write_to(sure, input, write);
        }
        let run = core::mem::take(&mut self.run);
        self.gathered[self.filled..self.filled + run.len()].copy_from_slice(&input[run.clone()]);
        self.filled += run.len();
    }

    /// Writes everything up to an offset of the whole output.
    pub(crate) fn write_to(&mut self, end: u64, input: &[u8], write: &mut impl FnMut(&[u8])) {
        let count = usize::try_from(end.saturating_sub(self.offset)).unwrap_or(usize::MAX);
        let first = count.min(self.filled);
        if first > 0 {
            write(&self.gathered[..first]);
            self.gathered.copy_within(first..self.filled, 0);
            self.filled -= first;
        }
        let second = (count - first).min(self.run.len());
        if second > 0 {
            write(&input[self.run.start..self.run.start + second]);
            self.run.start += second;
        }
        self.offset += (first + second) as u64;
    }

    /// `count` bytes, few, from `from` in the whole output on; they are there, and
    /// not written yet.
    pub(crate) fn peek<'a>(&'a mut self, from: u64, count: usize, input: &'a [u8]) -> &'a [u8] {
        let start = usize::try_from(from - self.offset).unwrap_or(usize::MAX);
        if start >= self.filled {
            let start = self.run.start + start - self.filled;
            return &input[start..start + count];
        }
        let missing = (start + count).saturating_sub(self.filled);
        if missing > 0 {
            // What is kept free has room for it.
            let more = self.run.start..self.run.start + missing;
            self.gathered[self.filled..self.filled + missing].copy_from_slice(&input[more]);
            self.filled += missing;
            self.run.start += missing;
        }
        &self.gathered[start..start + count]
    }

    /// Gives back the buffer, which is empty.
    pub(crate) fn give_back(&mut self) {
        memory::give_back(self.gathered);
    }
}

#[cfg(test)]
mod tests;
