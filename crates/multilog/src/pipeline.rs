//! The way from a block of input to the logs: finds the lines, and carries out the script
//! for each.

use core::ops::Range;

use memchr::{memchr, memchr_iter, memrchr};

use crate::alerts::Alerts;
use crate::journal::Journal;
use crate::log::Log;
use crate::script::{Action, SEEN, Script, Stamp};
use crate::status::Status;

/// The script and everything that lines go to.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) script: Script,
    pub(crate) logs: Vec<Log>,
    pub(crate) statuses: Vec<Status>,
    pub(crate) journal: Journal,
    pub(crate) alerts: Alerts,
    /// How many alerts the pending input has given so far.
    alerted: u64,
}

impl Pipeline {
    pub(crate) fn new(
        script: Script,
        logs: Vec<Log>,
        statuses: Vec<Status>,
        journal: Journal,
    ) -> Self {
        Self {
            script,
            logs,
            statuses,
            journal,
            alerts: Alerts::new(),
            alerted: 0,
        }
    }

    /// Carries out the script for the lines of the pending input. What is left of it is
    /// the beginning of a line.
    pub(crate) fn process(&mut self, input: &[u8]) {
        let input = &input[..self.journal.state.end];
        self.alerted = 0;
        // The state stays as it is until all output is complete: a log that rotates
        // meanwhile commits it.
        let (start, is_long) = self.lines(input);
        self.print_alerts();
        for log in &mut self.logs {
            log.write_out(&mut self.journal);
        }
        self.statuses.iter_mut().for_each(Status::write);
        let state = &mut self.journal.state;
        for (log, place) in self.logs.iter_mut().zip(&mut state.places) {
            *place = log.place();
        }
        if start >= state.read_at {
            state.line = state.now;
        }
        (state.start, state.long) = (start, is_long);
        (state.read_at, state.alerts) = (state.end, 0);
        self.journal.commit();
    }

    /// At the end of the input: adds the newline that its last line lacks.
    pub(crate) fn end_line(&mut self, bytes: &mut [u8]) {
        if !self.journal.state.is_empty() {
            self.journal.make_room(bytes, 1);
            self.journal.add_newline(bytes);
            self.process(bytes);
        }
    }

    /// Begins a new file in every log whose file holds something.
    pub(crate) fn rotate_all(&mut self) {
        for log in &mut self.logs {
            log.rotate_unless_empty(&mut self.journal);
        }
    }

    /// Every line. Gives where the beginning of an unfinished one lies, and whether it is
    /// a long one, all of which so far has been handled.
    fn lines(&mut self, input: &[u8]) -> (usize, bool) {
        let state = &self.journal.state;
        let (mut start, read_at) = (state.start, state.read_at);
        let prefix = self.script.prefix.to_bytes();
        let stamp = Stamp::new(self.script.stamp, prefix, state.now);
        let mut first = stamp;
        if state.line != state.now {
            first = Stamp::new(self.script.stamp, prefix, state.line);
        }
        if state.long {
            let newline = memchr(b'\n', &input[start..]);
            let end = newline.map_or(input.len(), |at| start + at + 1);
            for log in self.logs.iter_mut().filter(|log| log.selected) {
                log.add(&input[start..end], &mut self.journal);
            }
            if newline.is_none() {
                return (end, true);
            }
            (start, first) = (end, stamp);
        }
        // No newline is in what was pending before the last read.
        let search = start.max(read_at);
        if let Some(newline) = memchr(b'\n', &input[search..]) {
            let second = search + newline + 1;
            let end = memrchr(b'\n', &input[second..]).map_or(second, |last| second + last + 1);
            if !self.script.is_plain {
                self.line(&first, start..second, input);
                let mut at = second;
                for newline in memchr_iter(b'\n', &input[second..end]) {
                    let next = second + newline + 1;
                    self.line(&stamp, at..next, input);
                    at = next;
                }
            } else if stamp.len() == 0 {
                for log in &mut self.logs {
                    log.add(&input[start..end], &mut self.journal);
                }
            } else {
                for log in &mut self.logs {
                    log.add(first.as_bytes(), &mut self.journal);
                    log.add(&input[start..second], &mut self.journal);
                    log.add_lines(&stamp, second..end, input, &mut self.journal);
                }
            }
            (start, first) = (end, stamp);
        }
        // As much as patterns see decides what becomes of the rest.
        if first.len() + input.len() - start >= SEEN && start < input.len() {
            self.line(&first, start..input.len(), input);
            return (input.len(), true);
        }
        (start, false)
    }

    /// One line, with its newline or as far as it has come.
    fn line(&mut self, stamp: &Stamp, line: Range<usize>, input: &[u8]) {
        let text = line.end - usize::from(input[line.end - 1] == b'\n');
        self.select(
            stamp,
            line.start..text.min(line.start + SEEN - stamp.len()),
            input,
        );
        for log in self.logs.iter_mut().filter(|log| log.selected) {
            log.add(stamp.as_bytes(), &mut self.journal);
            log.add(&input[line.clone()], &mut self.journal);
        }
    }

    /// Carries out the actions for a line without its newline, but for appending: each log
    /// learns whether it gets the line.
    fn select(&mut self, stamp: &Stamp, line: Range<usize>, input: &[u8]) {
        let mut buffer = [0; SEEN];
        let line = &input[line];
        let seen = if stamp.len() == 0 {
            line
        } else {
            let (front, rest) = buffer.split_at_mut(stamp.len());
            front.copy_from_slice(stamp.as_bytes());
            rest[..line.len()].copy_from_slice(line);
            &buffer[..stamp.len() + line.len()]
        };
        let mut selected = true;
        for index in 0..self.script.actions.len() {
            match self.script.actions[index] {
                Action::Select(verdict, pattern) => {
                    if selected != verdict && pattern.matches(seen) {
                        selected = verdict;
                    }
                }
                Action::Log(index) => self.logs[index].selected = selected,
                Action::Status(index) if selected => self.statuses[index].set(seen),
                Action::Alert if selected => self.alert(seen),
                Action::Status(_) | Action::Alert => {}
            }
        }
    }

    /// Prints a line with those that come soon after it, unless a process that was killed
    /// has printed it.
    fn alert(&mut self, line: &[u8]) {
        if self.alerted >= self.journal.state.alerts {
            if !self.alerts.has_room() {
                self.print_alerts();
            }
            self.alerts.add(line);
        }
        self.alerted += 1;
    }

    fn print_alerts(&mut self) {
        if self.alerted > self.journal.state.alerts {
            self.alerts.print();
            self.journal.state.alerts = self.alerted;
            self.journal.commit();
        }
    }
}
