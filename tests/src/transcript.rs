//! The transcript of one side, line by line, and the comparison of two transcripts.

use std::fmt::Write as _;

use similar::{ChangeTag, TextDiff};

/// The observations of one side, in order; printable text, a line each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    lines: Vec<String>,
}

impl Transcript {
    /// Adds an observation. Several lines of value become several lines, each
    /// with the label.
    pub fn add(&mut self, label: &str, value: &[u8]) {
        for line in value.split_inclusive(|&byte| byte == b'\n') {
            let (text, end) = match line.strip_suffix(b"\n") {
                Some(text) => (text, ""),
                None => (line, "\u{29fd}"),
            };
            let end = if value.contains(&b'\n') { end } else { "" };
            self.lines
                .push(format!("{label}: {}{end}", printable(text)));
        }
        if value.is_empty() {
            self.lines.push(format!("{label}:"));
        }
    }

    /// Adds one line of text that is printable already.
    pub fn add_line(&mut self, line: String) {
        self.lines.push(line);
    }

    /// The lines so far.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// The lines that only `self` has and those that only `other` has, after both were
    /// aligned.
    #[must_use]
    pub fn difference(&self, other: &Self) -> (Vec<String>, Vec<String>) {
        let (left, right) = (self.refs(), other.refs());
        let diff = TextDiff::from_slices(&left, &right);
        let only = |tag| {
            diff.iter_all_changes()
                .filter(|change| change.tag() == tag)
                .map(|change| change.value().to_owned())
                .collect()
        };
        (only(ChangeTag::Delete), only(ChangeTag::Insert))
    }

    /// Both transcripts in two columns, `!` where they differ.
    #[must_use]
    pub fn side_by_side(&self, other: &Self) -> String {
        let (left, right) = (self.refs(), other.refs());
        let diff = TextDiff::from_slices(&left, &right);
        let mut text = String::new();
        row(&mut text, ' ', "reference", "ours");
        for op in diff.ops() {
            let (old, new) = (&left[op.old_range()], &right[op.new_range()]);
            let mark = if op.tag() == similar::DiffTag::Equal {
                ' '
            } else {
                '!'
            };
            for index in 0..old.len().max(new.len()) {
                let cell = |column: &[&str]| column.get(index).copied().unwrap_or("").to_owned();
                row(&mut text, mark, &cell(old), &cell(new));
            }
        }
        text
    }

    fn refs(&self) -> Vec<&str> {
        self.lines.iter().map(String::as_str).collect()
    }
}

/// One line of two columns; long cells are broken over several rows.
fn row(text: &mut String, mark: char, left: &str, right: &str) {
    const WIDTH: usize = 76;
    let chunks = |cell: &str| -> Vec<String> {
        let chars: Vec<char> = cell.chars().collect();
        chars
            .chunks(WIDTH)
            .map(|chunk| chunk.iter().collect())
            .collect()
    };
    let (left, right) = (chunks(left), chunks(right));
    for index in 0..left.len().max(right.len()).max(1) {
        let cell = |column: &[String]| column.get(index).cloned().unwrap_or_default();
        let line = format!("{mark} {:<WIDTH$} | {}", cell(&left), cell(&right));
        writeln!(text, "{}", line.trim_end()).expect("a string takes all");
    }
}

/// Bytes as text: every byte that is not printable ASCII is escaped.
#[must_use]
pub fn printable(bytes: &[u8]) -> String {
    bytes
        .escape_ascii()
        .to_string()
        .replace("\\\"", "\"")
        .replace("\\'", "'")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transcript(lines: &[&str]) -> Transcript {
        let mut transcript = Transcript::default();
        for line in lines {
            transcript.add("stdout", line.as_bytes());
        }
        transcript
    }

    #[test]
    fn a_difference_names_the_lines_of_each_side() {
        let (left, right) = (
            transcript(&["a", "b", "c"]),
            transcript(&["a", "x", "c", "d"]),
        );
        let (only_left, only_right) = left.difference(&right);
        assert_eq!(only_left, ["stdout: b"]);
        assert_eq!(only_right, ["stdout: x", "stdout: d"]);
        assert_eq!(left.difference(&left), (vec![], vec![]));
    }

    #[test]
    fn a_missing_newline_and_odd_bytes_are_shown() {
        let mut one = Transcript::default();
        one.add("out", b"a\nb");
        let mut two = Transcript::default();
        two.add("out", b"a\nb\n");
        assert_ne!(one, two);
        assert_eq!(printable(b"\xff\0'\t"), "\\xff\\x00'\\t");
    }
}
