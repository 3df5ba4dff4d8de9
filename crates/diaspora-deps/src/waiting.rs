//! Since when a gate really waits. A gate that gives up is started again, and the status
//! record tells the last start alone. So a gate that waits leaves a note,
//! `supervise/waiting`, which the next one goes on with.
//!
//! The note is about one start of the service, of which supervise keeps the number: it
//! means nothing once the service was started again without one.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::thread;
use std::time::Duration;

use daemontools::servicedir::detail::{self, DETAIL_LEN, Detail};
use daemontools::servicedir::stamp;
use daemontools::tai64n::{LABEL_LEN, Tai64n};
use daemontools::unix::process::{self, End};
use daemontools::unix::{clock, fd, file};

use crate::error::GAVE_UP;
use crate::read;

/// How often the detail file is read until it is about this start: supervise writes it
/// after the start.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(10);

/// Since when the gate waits that is start number `starts` of the service in `directory`;
/// Unix time. `None` if it has left no note.
pub(crate) fn since(directory: &Path, starts: u64) -> Option<i64> {
    let text = read::regular(&directory.join("supervise/waiting")).ok()?;
    let note = Note::parse(&text)?;
    (note.starts == starts).then(|| note.since.unix_seconds())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Note {
    since: Tai64n,
    starts: u64,
}

impl Note {
    fn parse(text: &[u8]) -> Option<Self> {
        let (mut since, mut starts) = (None, None);
        for (name, value) in detail::lines(text) {
            match name {
                b"since" => since = <[u8; LABEL_LEN]>::try_from(value).ok(),
                b"starts" => starts = str::from_utf8(value).ok()?.parse().ok(),
                _ => {}
            }
        }
        Some(Self {
            since: stamp::parse(since?)?,
            starts: starts?,
        })
    }

    fn text(&self) -> Vec<u8> {
        let label = self.since.label();
        let starts = format!("\nstarts {}\n", self.starts);
        [b"since ", &label[..], starts.as_bytes()].concat()
    }

    /// The note of a gate that begins to wait now. It goes on with that of the gate before,
    /// if that has given up.
    fn next(old: Option<Self>, detail: &Detail, now: Tai64n) -> Self {
        let gave_up = detail.last_end == Some(End::Exited(GAVE_UP));
        let before = old.filter(|old| gave_up && old.starts.checked_add(1) == Some(detail.starts));
        Self {
            since: before.map_or(now, |before| before.since),
            starts: detail.starts,
        }
    }
}

/// The `supervise/` of the service whose gate this process is, if it is one.
pub(crate) struct Notebook(Option<OwnedFd>);

impl Notebook {
    /// That of the working directory: in a run script, the service directory.
    pub(crate) fn of_working_directory() -> Self {
        Self(file::open_directory_safely(c"supervise").ok())
    }

    /// Notes that the gate waits. A gate that can't do so waits all the same.
    pub(crate) fn note_wait(&self) {
        let Some(directory) = &self.0 else { return };
        let Some(detail) = own_detail(directory) else {
            return;
        };
        let old = file::open_read_in(directory, c"waiting").ok();
        let old = old.and_then(|file| {
            let mut buffer = [0; 128];
            let count = file::read_at(file, &mut buffer, 0).ok()?;
            Note::parse(&buffer[..count])
        });
        let note = Note::next(old, &detail, clock::wall());
        let _ = file::unlink_in(directory, c"waiting.new");
        let _ = file::create_in(directory, c"waiting.new", 0o644)
            .and_then(|new| fd::write_all(&new, &note.text()))
            .and_then(|()| file::rename_in(directory, c"waiting.new", c"waiting"));
    }
}

/// The detail file, once it is about this process or its parent.
fn own_detail(directory: &OwnedFd) -> Option<Detail> {
    let own = [std::process::id(), process::parent()];
    for _ in 0..TRIES {
        let mut buffer = [0; DETAIL_LEN];
        let file = file::open_read_in(directory, c"detail").ok()?;
        let detail = Detail::parse(detail::read(file, &mut buffer).ok()?);
        if detail.process.is_some_and(|main| own.contains(&main.pid)) {
            return Some(detail);
        }
        thread::sleep(PAUSE);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_says_the_same_when_it_is_read_again() {
        let note = Note {
            since: Tai64n::from_unix(1000, 7),
            starts: 12,
        };
        assert_eq!(Note::parse(&note.text()), Some(note));
        for text in ["", "since x\nstarts 1\n", "starts 1\n"] {
            assert_eq!(Note::parse(text.as_bytes()), None);
        }
    }

    #[test]
    fn only_a_gate_after_one_that_gave_up_goes_on_with_its_note() {
        let (then, now) = (Tai64n::from_unix(1000, 0), Tai64n::from_unix(2000, 0));
        let old = |starts| {
            Some(Note {
                since: then,
                starts,
            })
        };
        let since = |old, last_end| {
            let detail = Detail {
                starts: 8,
                last_end,
                ..Detail::default()
            };
            Note::next(old, &detail, now).since
        };
        let gave_up = Some(End::Exited(GAVE_UP));
        assert_eq!(since(old(7), gave_up), then);
        assert_eq!(since(old(6), gave_up), now);
        assert_eq!(since(old(7), Some(End::Killed(15))), now);
        assert_eq!(since(None, gave_up), now);
    }
}
