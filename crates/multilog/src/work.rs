//! From input to output: finds the lines in a block of input, carries out the
//! script for each, and keeps the account of where the reference would write.

use core::ops::Range;

use memchr::{memchr, memrchr};

use crate::alert::Alerts;
use crate::dir::Log;
use crate::journal::Journal;
use crate::pattern::SEEN;
use crate::rotate::READ;
use crate::script::{Action, Script};
use crate::stamp::Stamp;
use crate::status::Status;

/// Everything that output goes to.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) script: Script,
    pub(crate) logs: Vec<Log>,
    pub(crate) statuses: Vec<Status>,
    pub(crate) journal: Journal,
    pub(crate) alerts: Alerts,
    /// Alerts for the input at hand so far.
    pub(crate) alerted: u64,
}

/// Where in the input the reference would read next.
#[derive(Clone, Copy, Debug)]
struct Boundary(usize);

impl Work {
    /// Carries out the script for the lines of the pending input that have not
    /// been, leaves an unfinished line pending, and lets the journal know.
    pub(crate) fn take(&mut self, input: &[u8]) {
        let state = &self.journal.state;
        let (start, read_at) = (state.start, state.read_at);
        let input = &input[..state.end];
        self.alerted = 0;
        // Until all output is complete the state stays as it is: a log that turns to
        // another file meanwhile commits it.
        let (at, long) = if self.script.is_plain && !self.script.is_stamped() && !state.long {
            self.take_plain(start, read_at, input)
        } else {
            self.take_lines(start, read_at, input)
        };
        for log in &mut self.logs {
            log.finish_input(input, &mut self.journal);
        }
        self.statuses.iter_mut().for_each(Status::write);
        for log in &mut self.logs {
            log.restart();
            self.journal.state.places[log.index] = log.place();
        }
        let state = &mut self.journal.state;
        state.start = at;
        state.long = long;
        if at >= read_at {
            state.line = state.now;
        }
        state.read_at = state.end;
        state.alerts = 0;
        self.journal.commit();
    }

    /// At the end of the input: ends the last line, if it has no newline.
    pub(crate) fn end_line(&mut self, bytes: &mut [u8]) {
        let state = &mut self.journal.state;
        if state.start == state.end && !state.long {
            return;
        }
        self.make_room(bytes, 1);
        let state = &mut self.journal.state;
        bytes[state.end] = b'\n';
        state.read_at = state.end;
        state.end += 1;
        if state.start == state.read_at {
            state.line = state.now;
        }
        self.journal.commit();
        self.take(bytes);
    }

    /// Puts the pending input where `count` more bytes fit behind it.
    pub(crate) fn make_room(&mut self, bytes: &mut [u8], count: usize) {
        let state = &mut self.journal.state;
        let pending = state.start..state.end;
        if pending.is_empty() {
            (state.start, state.end, state.read_at) = (0, 0, 0);
        } else if state.end + count > bytes.len() {
            // What is pending is less than a line's head, and lies far behind, so
            // that the copy does not touch it.
            let len = pending.len();
            bytes.copy_within(pending, 0);
            (state.start, state.end, state.read_at) = (0, len, len);
            self.journal.commit();
        }
    }

    /// Every line to every log as it is. Gives where the unfinished line
    /// begins, and whether it is a long one that is in the logs so far.
    fn take_plain(&mut self, start: usize, read_at: usize, input: &[u8]) -> (usize, bool) {
        let lines = memrchr(b'\n', &input[read_at..]).map_or(start, |last| read_at + last + 1);
        for log in &mut self.logs {
            log.walk(start..lines, read_at, input, &mut self.journal);
        }
        if input.len() - lines < SEEN {
            return (lines, false);
        }
        let mut boundary = Boundary(read_at + (lines.max(read_at) - read_at) / READ * READ + READ);
        self.long_line(b"", lines..input.len(), &mut boundary, input);
        (input.len(), true)
    }

    /// Line by line, likewise.
    fn take_lines(&mut self, start: usize, read_at: usize, input: &[u8]) -> (usize, bool) {
        let state = &self.journal.state;
        let prefix = self.script.prefix.to_bytes();
        let fresh = Stamp::new(self.script.stamp, prefix, state.now);
        let carried = Stamp::new(self.script.stamp, prefix, state.line);
        let mut stamp = if start < read_at { &carried } else { &fresh };
        let mut boundary = Boundary(read_at + READ);
        let mut at = start;
        if state.long {
            let newline = memchr(b'\n', &input[at..]);
            let stop = newline.map_or(input.len(), |newline| at + newline + 1);
            for log in self.logs.iter_mut().filter(|log| log.selected) {
                log.pieces(b"", at..stop, input);
            }
            self.bytes(at..stop, &mut boundary, input);
            if newline.is_none() {
                return (stop, true);
            }
            (at, stamp) = (stop, &fresh);
        }
        let mut search = at.max(read_at);
        while let Some(newline) = memchr(b'\n', &input[search..]) {
            let stop = search + newline + 1;
            self.line(stamp.as_bytes(), at..stop, &mut boundary, input);
            (at, search, stamp) = (stop, stop, &fresh);
        }
        if at < input.len() && stamp.as_bytes().len() + input.len() - at >= SEEN {
            self.long_line(stamp.as_bytes(), at..input.len(), &mut boundary, input);
            return (input.len(), true);
        }
        (at, false)
    }

    /// A line with its newline.
    #[inline]
    fn line(&mut self, stamp: &[u8], line: Range<usize>, boundary: &mut Boundary, input: &[u8]) {
        if stamp.len() + line.len() > SEEN {
            self.long_line(stamp, line, boundary, input);
            return;
        }
        self.read_until(line.end - 1, boundary, input);
        if self.script.is_plain {
            for log in &mut self.logs {
                log.line(stamp, line.clone(), input, &mut self.journal);
            }
            return;
        }
        self.select(stamp, line.start..line.end - 1, input);
        for log in self.logs.iter_mut().filter(|log| log.selected) {
            log.line(stamp, line.clone(), input, &mut self.journal);
        }
    }

    /// A line that is longer than what patterns see, whole or as far as it has
    /// come. From there on the reference handles every byte alone.
    fn long_line(
        &mut self,
        stamp: &[u8],
        line: Range<usize>,
        boundary: &mut Boundary,
        input: &[u8],
    ) {
        let head = line.start + SEEN - stamp.len();
        self.read_until(head - 1, boundary, input);
        self.select(stamp, line.start..head, input);
        for log in self.logs.iter_mut().filter(|log| log.selected) {
            log.pieces(stamp, line.clone(), input);
            log.put(SEEN, input, &mut self.journal);
        }
        self.bytes(head..line.end, boundary, input);
    }

    fn bytes(&mut self, range: Range<usize>, boundary: &mut Boundary, input: &[u8]) {
        let mut at = range.start;
        while at < range.end {
            self.read_until(at, boundary, input);
            let stop = range.end.min(boundary.0);
            for log in self.logs.iter_mut().filter(|log| log.selected) {
                log.put_bytes(stop - at, input, &mut self.journal);
            }
            at = stop;
        }
    }

    /// The reference would have read up to the byte at `at`, and before each read
    /// written what it had.
    #[inline]
    fn read_until(&mut self, at: usize, boundary: &mut Boundary, input: &[u8]) {
        if at < boundary.0 {
            return;
        }
        boundary.0 += (at - boundary.0) / READ * READ + READ;
        for log in &mut self.logs {
            log.flush(input, &mut self.journal);
        }
    }

    /// Carries out the actions for a line without its newline: all but the
    /// appending, for which each log learns whether it is selected.
    fn select(&mut self, stamp: &[u8], line: Range<usize>, input: &[u8]) {
        let mut buffer = [0; SEEN];
        let line = &input[line];
        let seen = if stamp.is_empty() {
            line
        } else {
            let (front, rest) = buffer.split_at_mut(stamp.len());
            front.copy_from_slice(stamp);
            rest[..line.len()].copy_from_slice(line);
            &buffer[..stamp.len() + line.len()]
        };
        let mut selected = true;
        for action in &self.script.actions {
            match *action {
                Action::Select(verdict, pattern) => {
                    if selected != verdict && pattern.matches(seen) {
                        selected = verdict;
                    }
                }
                Action::Log(index) => self.logs[index].selected = selected,
                Action::Status(index) if selected => self.statuses[index].set(seen),
                Action::Alert if selected => {
                    self.alerted += 1;
                    if self.alerted > self.journal.state.alerts {
                        self.alerts.print(seen);
                        self.journal.state.alerts = self.alerted;
                        self.journal.commit();
                    }
                }
                Action::Status(_) | Action::Alert => {}
            }
        }
    }
}

impl Log {
    /// Appends whole lines as they are, all of them. Away from a cut nothing has to
    /// be known of each; near one, the account begins where the reference would
    /// have read last before.
    fn walk(&mut self, lines: Range<usize>, read_at: usize, input: &[u8], journal: &mut Journal) {
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

    /// Line by line up to the cut, and on to where the account can be left again.
    fn pass(
        &mut self,
        lines: Range<usize>,
        read_at: usize,
        input: &[u8],
        journal: &mut Journal,
    ) -> usize {
        let mut at = lines.start;
        let next = |at: usize| read_at + (at.max(read_at) - read_at) / READ * READ + READ;
        let mut boundary = next(at);
        while at < lines.end {
            let newline = memchr(b'\n', &input[at..lines.end]).map_or(lines.end, |n| at + n);
            let text = newline - at;
            let mut read = |log: &mut Self, at: usize, journal: &mut Journal| {
                if at >= boundary {
                    boundary = next(at);
                    log.flush(input, journal);
                    return true;
                }
                false
            };
            if text < SEEN {
                let is_read = read(self, newline, journal);
                if is_read
                    && at > lines.start
                    && self.plain_room() > 2 * READ as u64
                    && newline >= read_at
                {
                    return at;
                }
                self.put(text, input, journal);
                self.put(1, input, journal);
            } else {
                let mut byte = at + SEEN;
                read(self, byte - 1, journal);
                self.put(SEEN, input, journal);
                while byte <= newline {
                    read(self, byte, journal);
                    let stop = (newline + 1).min(next(byte));
                    self.put_bytes(stop - byte, input, journal);
                    byte = stop;
                }
            }
            at = newline + 1;
        }
        at
    }
}
