//! The account of cuts: what the reference would hold in its buffer and when it
//! would write, so that files end where its files would.
//!
//! Away from a cut hardly anything has to be known of a line; near one, each of its
//! pieces counts. So lines go by two ways, a fast one and a careful one, and a log
//! changes between them wherever it likes.

use core::ops::Range;

use memchr::{memchr, memchr_iter, memrchr};

use crate::dir::Log;
use crate::journal::Journal;
use crate::pattern::SEEN;
use crate::rotate::READ;
use crate::stamp::Stamp;

/// Where in the input the reference would read next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Boundary(usize);

impl Boundary {
    /// The first one behind `at`, where input begins at `read_at`.
    pub(crate) const fn behind(at: usize, read_at: usize) -> Self {
        Self(read_at + at.saturating_sub(read_at) / READ * READ + READ)
    }

    /// Goes on to the byte at `at`; says whether the reference would read for it.
    #[inline]
    pub(crate) const fn passes(&mut self, at: usize) -> bool {
        if at < self.0 {
            return false;
        }
        self.0 += (at - self.0) / READ * READ + READ;
        true
    }
}

impl Log {
    /// Appends whole lines as they are, all of them.
    pub(crate) fn walk(
        &mut self,
        lines: Range<usize>,
        read_at: usize,
        input: &[u8],
        journal: &mut Journal,
    ) {
        if lines.is_empty() {
            return;
        }
        let mut at = lines.start;
        self.pieces(b"", lines.clone(), input);
        while at < lines.end {
            let left = lines.end - at;
            let room = usize::try_from(self.plain_room()).unwrap_or(usize::MAX);
            if room >= left {
                self.skip_ahead(left);
                return;
            }
            at = self.approach(at, at + room, read_at, input);
            at = self.pass(at..lines.end, read_at, input, journal);
        }
    }

    /// Goes on from `at` to the beginning of the line that the reference's last
    /// read before `near` ended in.
    fn approach(&mut self, at: usize, near: usize, read_at: usize, input: &[u8]) -> usize {
        let mut read = near.max(read_at) - read_at;
        loop {
            read = read / READ * READ;
            let end = read_at + read;
            if read == 0 || end <= at {
                return at;
            }
            let line = memrchr(b'\n', &input[at..end]).map_or(at, |newline| at + newline + 1);
            if end - line < SEEN {
                self.skip_ahead(line - at);
                return line;
            }
            read -= 1;
        }
    }

    /// Line by line up to the cut, and on to where the account can be left again:
    /// where the buffer is empty, for it has just been written.
    fn pass(
        &mut self,
        lines: Range<usize>,
        read_at: usize,
        input: &[u8],
        journal: &mut Journal,
    ) -> usize {
        let mut at = lines.start;
        let mut boundary = Boundary::behind(at, read_at);
        while at < lines.end {
            let newline = memchr(b'\n', &input[at..lines.end]).map_or(lines.end, |n| at + n);
            if newline - at < SEEN
                && self.read_until(newline, &mut boundary, input, journal)
                && at > lines.start
                && self.plain_room() > 2 * READ as u64
                && newline >= read_at
            {
                return at;
            }
            self.account(0, at..newline + 1, &mut boundary, input, journal);
            at = newline + 1;
        }
        at
    }

    /// Appends whole lines with what stands in front of them: of the first, and of
    /// all others.
    pub(crate) fn walk_stamped(
        &mut self,
        [first, others]: [&Stamp; 2],
        lines: Range<usize>,
        mut boundary: Boundary,
        input: &[u8],
        journal: &mut Journal,
    ) {
        let (mut at, mut stamp) = (lines.start, first);
        while let Some(newline) = memchr(b'\n', &input[at..lines.end]) {
            let line = at..at + newline + 1;
            at = line.end;
            self.pieces(stamp.as_bytes(), line.clone(), input);
            self.account(stamp.len(), line, &mut boundary, input, journal);
            stamp = others;
            at = self.gather(stamp, at..lines.end, &mut boundary, input);
        }
    }

    /// Appends lines with a stamp, as long as they are short and no cut is near.
    /// Gives where the next one begins.
    fn gather(
        &mut self,
        stamp: &Stamp,
        lines: Range<usize>,
        boundary: &mut Boundary,
        input: &[u8],
    ) -> usize {
        let (before, sure) = (self.flow.pending(), self.sure);
        let room = self.plain_room().saturating_sub(before as u64);
        let (mut at, mut added) = (lines.start, 0_u64);
        let write = &mut |bytes: &[u8]| self.current.append(bytes);
        self.output.flatten(input, sure, write);
        for newline in memchr_iter(b'\n', &input[lines.clone()]) {
            let stop = lines.start + newline + 1;
            let len = stamp.len() + stop - at;
            if len > SEEN || added + len as u64 > room {
                break;
            }
            if boundary.passes(stop - 1) {
                self.flow.flush();
            }
            if self.output.is_filled() {
                let decided = added + before as u64 - self.flow.pending() as u64;
                self.output.write_to(sure + decided, input, write);
            }
            self.flow.put_line(len);
            self.output.add_line(stamp, at..stop, input);
            added += len as u64;
            at = stop;
        }
        let decided = added + before as u64 - self.flow.pending() as u64;
        self.skip_ahead(usize::try_from(decided).unwrap_or(usize::MAX));
        at
    }

    /// Counts a line, its newline with it, that is in the output already.
    fn account(
        &mut self,
        front: usize,
        line: Range<usize>,
        boundary: &mut Boundary,
        input: &[u8],
        journal: &mut Journal,
    ) {
        let len = front + line.len();
        if len <= SEEN {
            self.read_until(line.end - 1, boundary, input, journal);
            self.put(len - 1, input, journal);
            self.put(1, input, journal);
            return;
        }
        let head = line.start + SEEN - front;
        self.read_until(head - 1, boundary, input, journal);
        self.put(SEEN, input, journal);
        self.bytes(head..line.end, boundary, input, journal);
    }

    /// Counts what the reference handles byte by byte.
    pub(crate) fn bytes(
        &mut self,
        range: Range<usize>,
        boundary: &mut Boundary,
        input: &[u8],
        journal: &mut Journal,
    ) {
        let mut at = range.start;
        while at < range.end {
            self.read_until(at, boundary, input, journal);
            let stop = range.end.min(boundary.0);
            self.put_bytes(stop - at, input, journal);
            at = stop;
        }
    }

    /// The reference would have read up to the byte at `at`, and before each read
    /// written what it had; says whether it would have read.
    #[inline]
    pub(crate) fn read_until(
        &mut self,
        at: usize,
        boundary: &mut Boundary,
        input: &[u8],
        journal: &mut Journal,
    ) -> bool {
        let reads = boundary.passes(at);
        if reads {
            self.flush(input, journal);
        }
        reads
    }
}
