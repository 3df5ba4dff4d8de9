//! Lines for people: local time, the service, the text.

use std::io::IsTerminal;

use daemontools::tai64n::Tai64n;

use super::line::Line;
use crate::local;
use crate::output::{printable, visible};
use crate::service::Service;

/// How wide a time is.
const TIME: usize = "2026-11-29 13:14:15.123".len();

/// How lines are shown.
#[derive(Debug)]
pub(crate) struct Shown {
    /// What stands before the text, for each service; nothing if there is only one.
    names: Vec<String>,
    /// A terminal reads it: it must get no commands.
    escapes: bool,
    /// The second of the last line, and its text.
    second: (i64, String),
}

impl Shown {
    /// For the lines of these services.
    pub(crate) fn new(services: &[Service]) -> Self {
        let names: Vec<String> = services
            .iter()
            .map(|service| printable(&service.name))
            .collect();
        let width = names
            .iter()
            .map(|name| name.chars().count())
            .max()
            .unwrap_or(0);
        let names = match names.len() {
            1 => vec![String::new()],
            _ => names
                .iter()
                .map(|name| format!("{name:width$}  "))
                .collect(),
        };
        Self {
            names,
            escapes: std::io::stdout().is_terminal(),
            second: (i64::MIN, String::new()),
        }
    }

    /// Appends a line of service `index`.
    pub(crate) fn push(&mut self, out: &mut Vec<u8>, index: usize, line: &Line) {
        match line.has_label {
            true => {
                let time = self.time(line.time);
                out.extend_from_slice(time.as_bytes());
            }
            false => out.extend(std::iter::repeat_n(b' ', TIME)),
        }
        out.extend_from_slice(b"  ");
        out.extend_from_slice(self.names[index].as_bytes());
        match self.escapes {
            true => out.extend_from_slice(visible(&line.text).as_bytes()),
            false => out.extend_from_slice(&line.text),
        }
        out.push(b'\n');
    }

    fn time(&mut self, time: Tai64n) -> String {
        let seconds = time.unix_seconds();
        if self.second.0 != seconds {
            self.second = (seconds, local::time(time));
        }
        format!("{}.{:03}", self.second.1, (time.nanos / 1_000_000).min(999))
    }
}
