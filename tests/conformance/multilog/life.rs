//! Input that comes in pieces, and signals.

use std::fs::File;
use std::io::Write;

use conformance::{Case, LABELS, Proc, Side};
use nix::sys::signal::Signal;

use super::words;

/// The cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = pieces();
    cases.extend(terms());
    cases.extend(alarms());
    cases
}

/// A multilog on a pipe.
pub(super) struct Live<'a> {
    side: &'a Side,
    process: Proc,
    reader: File,
    writer: File,
}

impl<'a> Live<'a> {
    pub(super) fn start(side: &'a Side, script: &[&str]) -> Self {
        let (reader, writer) = side.pipe();
        let stdin = reader.try_clone().expect("a pipe's end");
        let process = side.command(words(script)).stdin_file(stdin).spawn();
        side.until("the log is open", || {
            side.exists("l/current") || process.ended().is_some()
        });
        Self {
            side,
            process,
            reader,
            writer,
        }
    }

    /// Writes, and waits until it is taken.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        self.writer.write_all(bytes).expect("room in a pipe");
        self.process.until_idle(&self.reader);
    }

    /// Sends TERM, and waits until it is acted upon.
    fn term(&self) {
        self.process.signal(Signal::SIGTERM);
        let pid = self.process.pid();
        self.side.until("TERM is taken", || {
            let status = std::fs::read_to_string(format!("/proc/{pid}/status"));
            let status = status.unwrap_or_default();
            let waits = status.contains("State:\tS");
            self.process.ended().is_some()
                || (waits && status.contains("ShdPnd:\t0000000000000000"))
        });
    }

    /// Waits for its end, which has to come by itself.
    fn end(self) -> (File, File) {
        self.side.log("end", self.process.wait());
        self.side.log_output(&self.process);
        (self.reader, self.writer)
    }

    /// Ends the input.
    pub(super) fn close(self) {
        let Self {
            side,
            process,
            reader,
            writer,
        } = self;
        drop((reader, writer));
        side.log("end", process.wait());
        side.log_output(&process);
    }
}

fn live(name: impl Into<String>, steps: impl Fn(&Side) + Send + Sync + 'static) -> Case {
    Case::scenario(name, steps).normal(&[LABELS])
}

fn pieces() -> Vec<Case> {
    let come = |name: &str, script: &'static [&'static str], parts: &'static [&'static [u8]]| {
        live(name, move |side| {
            let mut live = Live::start(side, script);
            for part in parts {
                live.write(part);
                side.log_bytes("stderr", &live.process.stderr());
            }
            live.close();
        })
    };
    // Each piece has to be there before the next is written.
    let shown = |name: &str, parts: &'static [&'static [u8]]| {
        live(name, move |side| {
            let mut live = Live::start(side, &["./l"]);
            for part in parts {
                live.write(part);
                side.log_file("l/current");
            }
            live.close();
        })
    };
    vec![
        shown("lines are there at once", &[b"one\n", b"two\nthree\n"]),
        shown("a byte at a time", &[b"a", b"b", b"\n", b"c", b"\n"]),
        shown("parts of lines", &[b"one\ntw", b"o\nthr", b"ee"]),
        come(
            "a stamped line in parts",
            &["t", "./l"],
            &[b"o", b"ne\ntw", b"o\n"],
        ),
        come(
            "a selected line in parts",
            &["-*", "+one", "./l"],
            &[b"o", b"ne\ntw", b"o\n"],
        ),
        come(
            "an alert in parts",
            &["e", "./l"],
            &[b"o", b"ne\ntw", b"o\n"],
        ),
        come(
            "a status in parts",
            &["=status", "./l"],
            &[b"o", b"ne\ntw", b"o\n"],
        ),
    ]
}

/// TERM, then more input, then a second multilog on the same pipe.
fn term(script: &'static [&'static str], before: &'static [u8], after: &'static [u8]) -> Case {
    let name = format!(
        "{} TERM after {:?}, then {:?}",
        script.join(" "),
        String::from_utf8_lossy(before),
        String::from_utf8_lossy(after)
    );
    live(name, move |side| {
        let mut live = Live::start(side, script);
        live.write(before);
        live.term();
        if !before.is_empty() && !before.ends_with(b"\n") {
            live.writer.write_all(after).expect("room in a pipe");
        }
        let at_end = before.is_empty() || before.ends_with(b"\n");
        let (reader, mut writer) = live.end();
        side.log_file("l/current");
        if at_end {
            writer.write_all(after).expect("room in a pipe");
        }
        drop(writer);
        let second = side.command(words(script)).stdin_file(reader).spawn();
        side.log("second", second.wait());
        side.log_output(&second);
    })
}

fn terms() -> Vec<Case> {
    let ended = |name: &str, script: &'static [&'static str], before: &'static [u8]| {
        live(name, move |side| {
            let mut live = Live::start(side, script);
            live.write(before);
            live.term();
            live.close();
        })
    };
    vec![
        term(&["./l"], b"", b"two\n"),
        term(&["./l"], b"one\n", b"two\nthree\n"),
        term(&["./l"], b"one\ntw", b"o\nthree\nfour\n"),
        term(&["./l"], b"one\ntw", b"\nthree\n"),
        term(&["./l"], b"one", b"\n"),
        term(&["t", "./l"], b"one\ntw", b"o\nthree\nfour\n"),
        term(&["t", "./l"], b"one\n", b"two\n"),
        term(&["-*", "+two", "./l"], b"one\ntw", b"o\ntwo\nthree\n"),
        term(&["e", "./l"], b"one\ntw", b"o\nthree\n"),
        term(&["=status", "./l"], b"one\ntw", b"o\nthree\n"),
        ended("TERM in a line whose end never comes", &["./l"], b"one\ntw"),
        ended(
            "TERM in a stamped line whose end never comes",
            &["t", "./l"],
            b"one\ntw",
        ),
        ended("TERM, then the end", &["./l"], b"one\n"),
        ended("TERM before anything, then the end", &["./l"], b""),
        live("two TERMs", |side| {
            let mut live = Live::start(side, &["./l"]);
            live.write(b"tw");
            live.term();
            live.process.signal(Signal::SIGTERM);
            live.writer.write_all(b"o\nthree\n").expect("room");
            let (reader, _writer) = live.end();
            side.log("left", conformance::service::unread(&reader));
        }),
        live("TERM is blocked and ignored at the start", |side| {
            let (reader, mut writer) = side.pipe();
            let command = side.command(words(&["./l"]));
            let stdin = reader.try_clone().expect("an end");
            let process = command
                .block(Signal::SIGTERM)
                .ignore(Signal::SIGTERM)
                .stdin_file(stdin)
                .spawn();
            writer.write_all(b"one\n").expect("room");
            side.until("a line", || {
                side.exists("l/current") && side.read("l/current") == b"one\n"
            });
            process.signal(Signal::SIGTERM);
            side.log("end", process.wait());
        }),
    ]
}

fn alarms() -> Vec<Case> {
    let finished = |side: &Side| {
        let entries = std::fs::read_dir(side.path("l")).expect("the log");
        let names = entries.flatten().map(|entry| entry.file_name());
        names
            .filter(|name| name.to_string_lossy().starts_with('@'))
            .count()
    };
    let alarm = |name: &str,
                 script: &'static [&'static str],
                 before: &'static [u8],
                 after: &'static [u8]| {
        live(name, move |side| {
            let mut live = Live::start(side, script);
            live.write(before);
            live.process.signal(Signal::SIGALRM);
            side.until("a finished file", || {
                finished(side) == 1 && side.exists("l/current")
            });
            live.write(after);
            live.close();
        })
    };
    vec![
        alarm("ALRM", &["./l"], b"one\n", b"two\n"),
        alarm("ALRM, t", &["t", "./l"], b"one\n", b"two\n"),
        alarm("ALRM in a line", &["./l"], b"one\ntw", b"o\nthree\n"),
        alarm(
            "ALRM and a processor",
            &["!tr a-z A-Z", "./l"],
            b"one\n",
            b"two\n",
        ),
        alarm("ALRM and several logs", &["./a", "./l"], b"one\n", b"two\n"),
        live("ALRM of an empty file", |side| {
            let mut live = Live::start(side, &["./l"]);
            live.process.until_idle(&live.reader);
            live.process.signal(Signal::SIGALRM);
            live.process.until_idle(&live.reader);
            live.write(b"one\n");
            live.close();
        }),
    ]
}
