//! A log on the screen: where it is looked at. No I/O.

use unicode_width::UnicodeWidthChar;

use super::key::Key;
use crate::local;
use crate::logs::Line;
use crate::output::{printable, visible};
use crate::service::Service;

/// The most lines that are kept.
const MOST: usize = 50_000;
/// How far the arrows go to the side.
const STEP: usize = 8;

/// A line, for the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Text {
    line: Line,
    text: String,
}

#[derive(Debug)]
pub(super) struct LogView {
    /// Whose log it is.
    pub(super) service: Service,
    /// What people call it.
    pub(super) label: String,
    /// Why there are no (more) lines.
    pub(super) trouble: Option<String>,
    /// The word that was searched.
    pub(super) needle: String,
    pub(super) wraps: bool,
    lines: Vec<Text>,
    /// The first line on the screen.
    top: usize,
    /// The first column on the screen.
    column: usize,
    /// Whether the last line stays on the screen as lines come.
    pub(super) follows: bool,
    width: usize,
    height: usize,
}

impl LogView {
    pub(super) fn new(service: Service) -> Self {
        Self {
            label: printable(&service.name),
            service,
            trouble: None,
            needle: String::new(),
            wraps: false,
            lines: Vec::new(),
            top: 0,
            column: 0,
            follows: true,
            width: 80,
            height: 20,
        }
    }

    /// How many lines there are, and the number of the first on the screen, from 1 on.
    pub(super) fn position(&self) -> (usize, usize) {
        (self.lines.len(), self.top + 1)
    }

    /// Takes those of the last lines of the log that are new: behind the last that is known.
    /// Gives whether that was found. If not, nothing is done, unless these are as many as
    /// there will be: then they replace all.
    pub(super) fn take(&mut self, read: Vec<Line>, is_all: bool) -> bool {
        let begin = self.lines.last().map_or(Some(0), |last| {
            let again = read.iter().rposition(|line| *line == last.line);
            again.map(|at| at + 1)
        });
        if begin.is_none() {
            if !is_all {
                return false;
            }
            self.lines.clear();
        }
        let new = read.into_iter().skip(begin.unwrap_or(0));
        self.lines.extend(new.map(|line| Text {
            text: shown(&line),
            line,
        }));
        let excess = self.lines.len().saturating_sub(MOST);
        self.lines.drain(..excess);
        self.top = self.top.saturating_sub(excess);
        self.settle();
        true
    }

    pub(super) fn resize(&mut self, width: usize, height: usize) {
        (self.width, self.height) = (width.max(1), height.max(1));
        self.settle();
    }

    pub(super) fn key(&mut self, key: Key) {
        let page = self.height.saturating_sub(1).max(1);
        match key {
            Key::Up => self.go_to(self.top.saturating_sub(1)),
            Key::Down | Key::Enter => self.go_to(self.top + 1),
            Key::PageUp | Key::Char('b') => self.go_to(self.top.saturating_sub(page)),
            Key::PageDown | Key::Char(' ') => self.go_to(self.top + page),
            Key::Home | Key::Char('g') => self.go_to(0),
            Key::End | Key::Char('G') => self.go_to(usize::MAX),
            Key::Left => self.column = self.column.saturating_sub(STEP),
            Key::Right if !self.wraps => self.column += STEP,
            Key::Char('w') => {
                self.wraps = !self.wraps;
                self.column = 0;
                self.settle();
            }
            Key::Char('n') => {
                self.find_next();
            }
            Key::Char('N') => {
                self.find_previous();
            }
            _ => {}
        }
    }

    /// Goes to the last line that has `needle` in it, at or before the last on the screen,
    /// else to the next. Gives whether there is one.
    pub(super) fn search(&mut self, needle: String) -> bool {
        self.needle = needle;
        if self.needle.is_empty() {
            return true;
        }
        let end = (self.top + self.height).min(self.lines.len());
        let found = (0..end).rev().find(|&at| self.matches(at));
        match found {
            Some(at) => {
                self.go_to(at);
                true
            }
            None => self.find_next(),
        }
    }

    fn find_next(&mut self) -> bool {
        let found = (self.top + 1..self.lines.len()).find(|&at| self.matches(at));
        found.inspect(|&at| self.go_to(at)).is_some()
    }

    fn find_previous(&mut self) -> bool {
        let found = (0..self.top).rev().find(|&at| self.matches(at));
        found.inspect(|&at| self.go_to(at)).is_some()
    }

    /// Whether line `at` has the needle in it. Small letters stand for large ones too.
    fn matches(&self, at: usize) -> bool {
        let text = &self.lines[at].text;
        match () {
            () if self.needle.is_empty() => false,
            () if self.needle.chars().any(char::is_uppercase) => text.contains(&self.needle),
            () => text.to_lowercase().contains(&self.needle),
        }
    }

    fn go_to(&mut self, line: usize) {
        let last = self.last_top();
        self.top = line.min(last);
        self.follows = line >= last;
    }

    fn settle(&mut self) {
        let last = self.last_top();
        self.top = if self.follows {
            last
        } else {
            self.top.min(last)
        };
    }

    /// The first line of the screen that ends with the last line.
    fn last_top(&self) -> usize {
        let mut rows = 0;
        let fits = |text: &&Text| {
            rows += match self.wraps {
                true => pieces(&text.text, self.width).count(),
                false => 1,
            };
            rows <= self.height
        };
        let fitting = self.lines.iter().rev().take_while(fits).count();
        self.lines.len() - fitting.max(1).min(self.lines.len())
    }

    /// The rows on the screen, each with whether its line has the needle in it.
    pub(super) fn rows(&self) -> Vec<(String, bool)> {
        let mut rows = Vec::new();
        for at in self.top..self.lines.len() {
            if rows.len() >= self.height {
                break;
            }
            let (text, is_found) = (&self.lines[at].text, self.matches(at));
            if self.wraps {
                rows.extend(pieces(text, self.width).map(|piece| (piece.to_owned(), is_found)));
            } else {
                rows.push((text.chars().skip(self.column).collect(), is_found));
            }
        }
        rows.truncate(self.height);
        rows
    }
}

/// A line for a screen, which has no tabs.
pub(super) fn text(line: &Line) -> String {
    visible(&line.text).replace('\t', "    ")
}

/// The same with its time.
pub(super) fn shown(line: &Line) -> String {
    let text = text(line);
    match line.has_label {
        true => format!("{} {text}", local::time(line.time)),
        false => text,
    }
}

/// The pieces of a line that fit into a width.
fn pieces(text: &str, width: usize) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut used = 0;
        let end = text.char_indices().find_map(|(at, character)| {
            used += character.width().unwrap_or(0);
            (used > width && at > 0).then_some(at)
        });
        rest = end.map(|end| &text[end..]);
        Some(&text[..end.unwrap_or(text.len())])
    })
}

#[cfg(test)]
mod tests;
