//! Cuts what is read from the files of a log into lines. No I/O.

use std::collections::VecDeque;

use daemontools::tai64n::Tai64n;

use super::line::{Line, begins_with_label};

/// The longest line that is kept in memory. A longer one is shown in pieces.
pub(super) const LINE_MAX: usize = 1 << 20;

/// The lines of a log so far.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    lines: VecDeque<Line>,
    /// A line whose newline has not come yet.
    pending: Vec<u8>,
    /// The last label.
    time: Tai64n,
    /// Whether the next bytes are the first of a file.
    at_start: bool,
}

impl Splitter {
    /// Takes the next bytes.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) {
        // A file ends in the middle of a line where that is longer than a file, and then
        // the next one goes on with it. After a crash the next one begins with a new line.
        if std::mem::take(&mut self.at_start) && begins_with_label(first_line(bytes)) {
            self.finish();
        }
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            self.add(&bytes[..end]);
            self.push();
            bytes = &bytes[end + 1..];
        }
        self.add(bytes);
    }

    /// The next bytes are the first of another file.
    pub(super) fn begin_file(&mut self) {
        self.at_start = true;
    }

    /// No more bytes come for the line so far: it is complete.
    pub(super) fn finish(&mut self) {
        if !self.pending.is_empty() {
            self.push();
        }
    }

    /// What was read of a line is not there any more.
    pub(super) fn forget(&mut self) {
        self.pending.clear();
    }

    /// The next complete line.
    pub(super) fn front(&self) -> Option<&Line> {
        self.lines.front()
    }

    /// Takes it.
    pub(super) fn pop(&mut self) -> Option<Line> {
        self.lines.pop_front()
    }

    fn add(&mut self, mut bytes: &[u8]) {
        while self.pending.len() + bytes.len() > LINE_MAX {
            let (now, rest) = bytes.split_at(LINE_MAX - self.pending.len());
            self.pending.extend_from_slice(now);
            self.push();
            bytes = rest;
        }
        self.pending.extend_from_slice(bytes);
    }

    fn push(&mut self) {
        let line = Line::new(std::mem::take(&mut self.pending), self.time);
        self.time = line.time;
        self.lines.push_back(line);
    }
}

fn first_line(bytes: &[u8]) -> &[u8] {
    let mut lines = bytes.split(|&byte| byte == b'\n');
    lines.next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(splitter: &mut Splitter) -> Vec<String> {
        let lines = std::iter::from_fn(|| splitter.pop());
        let text = |line: Line| String::from_utf8_lossy(&line.text).into_owned();
        lines.map(text).collect()
    }

    const LABEL: &str = "@400000006553f10700000000";

    #[test]
    fn a_line_is_complete_with_its_newline_and_may_go_on_in_the_next_file() {
        let mut splitter = Splitter::default();
        splitter.feed(b"one\ntw");
        assert_eq!(texts(&mut splitter), ["one"]);
        splitter.begin_file();
        splitter.feed(b"o\nthree");
        assert_eq!(texts(&mut splitter), ["two"]);
        splitter.finish();
        assert_eq!(texts(&mut splitter), ["three"]);
        splitter.finish();
        assert!(texts(&mut splitter).is_empty());
    }

    #[test]
    fn a_label_at_the_beginning_of_a_file_begins_a_line() {
        let mut splitter = Splitter::default();
        splitter.feed(b"cut by a cra");
        splitter.begin_file();
        splitter.feed(format!("{LABEL} next\nplain\n").as_bytes());
        let time = splitter.lines[1].time;
        assert_eq!(splitter.lines[2].time, time, "of the last label");
        assert_eq!(texts(&mut splitter), ["cut by a cra", "next", "plain"]);
    }

    #[test]
    fn a_line_that_is_too_long_is_shown_in_pieces_without_loss() {
        let mut splitter = Splitter::default();
        let bytes: Vec<u8> = (0..2 * LINE_MAX + 5)
            .map(|at| b'a' + (at % 23) as u8)
            .collect();
        for block in bytes.chunks(70_000) {
            splitter.feed(block);
        }
        splitter.feed(b"\nend\n");
        let lines = texts(&mut splitter);
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[..3].concat().into_bytes(), bytes);
        assert_eq!(lines[3], "end");
    }

    #[test]
    fn what_a_recovery_has_cut_off_is_forgotten() {
        let mut splitter = Splitter::default();
        splitter.feed(b"one\nhal");
        splitter.forget();
        splitter.feed(b"half\n");
        assert_eq!(texts(&mut splitter), ["one", "half"]);
    }
}
