//! From input to output: finds the lines in a block of input, carries out the
//! script for each, and keeps the account of where the reference would write.

use core::ops::Range;

use daemontools::unix::memory::PAGE;
use memchr::{memchr, memrchr};

use crate::account::Boundary;
use crate::alert::Alerts;
use crate::dir::Log;
use crate::journal::Journal;
use crate::pattern::SEEN;
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
            // What is pending is less than a line's head, and lies so far behind that
            // the copy does not touch it. A read is faster to where a page begins.
            let len = pending.len();
            let start = if pending.start < PAGE { 0 } else { PAGE - len };
            bytes.copy_within(pending, start);
            (state.start, state.end, state.read_at) = (start, start + len, start + len);
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
        let mut boundary = Boundary::behind(lines, read_at);
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
        let mut boundary = Boundary::behind(start, read_at);
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
        if self.script.is_plain
            && let Some(last) = memrchr(b'\n', &input[search..])
        {
            let lines = at..search + last + 1;
            for log in &mut self.logs {
                let journal = &mut self.journal;
                log.walk_stamped([stamp, &fresh], lines.clone(), boundary, input, journal);
            }
            boundary.passes(lines.end - 1);
            (at, search, stamp) = (lines.end, lines.end, &fresh);
        }
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
        if range.is_empty() {
            return;
        }
        let begin = *boundary;
        let reads = boundary.passes(range.end - 1);
        for log in &mut self.logs {
            if log.selected {
                log.bytes(range.clone(), &mut begin.clone(), input, &mut self.journal);
            } else if reads {
                log.flush(input, &mut self.journal);
            }
        }
    }

    /// The reference would have read up to the byte at `at`, and before each read
    /// written what it had.
    #[inline]
    fn read_until(&mut self, at: usize, boundary: &mut Boundary, input: &[u8]) {
        if boundary.passes(at) {
            for log in &mut self.logs {
                log.flush(input, &mut self.journal);
            }
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
