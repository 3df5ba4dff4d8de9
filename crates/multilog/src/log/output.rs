//! The output of one log that is gathered before it is written.

use core::ops::Range;

use daemontools::Result;
use daemontools::unix::memory;

use crate::script::{SHORT, Stamp};

/// How much is gathered.
const ROOM: usize = 128 << 10;

/// Gathered output.
#[derive(Debug)]
pub(super) struct Output {
    buffer: &'static mut [u8],
    filled: usize,
}

impl Output {
    /// Nothing is gathered.
    ///
    /// # Errors
    /// What `mmap(2)` says.
    pub(super) fn new() -> Result<Self> {
        let buffer = memory::anonymous(ROOM)?;
        Ok(Self { buffer, filled: 0 })
    }

    /// Whether `len` bytes can be gathered.
    pub(super) const fn has_room(&self, len: usize) -> bool {
        self.filled + len <= ROOM - SHORT
    }

    /// Gathers bytes, for which there is room.
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

    /// What is gathered.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[..self.filled]
    }

    /// All of it is written.
    pub(super) const fn clear(&mut self) {
        self.filled = 0;
    }

    /// Gives the memory of the buffer, of which nothing is filled, back to the kernel.
    pub(super) fn give_back(&mut self) {
        memory::give_back(self.buffer);
    }
}
