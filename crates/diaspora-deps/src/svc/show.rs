//! `status`: one line a service, with what it waits for.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use daemontools::servicedir::ok::{self, Accept};
use daemontools::servicedir::status::{Status, Want};
use daemontools::{PERMANENT, about, servicedir};

use super::gate::Gate;
use super::{ME, shown};
use crate::check::{self, Report, State};
use crate::context::{self, Context, Places};
use crate::data::Data;
use crate::question::{self, Question};
use crate::read;

/// The exit code where a service does not run that should: that of init scripts.
const NOT_RUNNING: i32 = 3;

/// A service, as far as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Unsupervised,
    Up,
    Waits,
    /// Down, and so it should be.
    Rests,
    Down,
}

impl Look {
    const fn color(self) -> &'static str {
        match self {
            Self::Up => "\x1b[32m",
            Self::Waits => "\x1b[33m",
            Self::Rests => "\x1b[2m",
            Self::Down | Self::Unsupervised => "\x1b[31m",
        }
    }

    const fn code(self) -> i32 {
        match self {
            Self::Up | Self::Rests => 0,
            Self::Waits | Self::Down => NOT_RUNNING,
            Self::Unsupervised => PERMANENT,
        }
    }
}

/// Shows all; 0 where each runs that should.
pub(super) fn status(services: &[PathBuf], places: &Places) -> i32 {
    let color = std::io::stdout().is_terminal();
    let mut waits = Waits::new(places);
    let mut worst = 0;
    let mut text = Vec::new();
    for service in services {
        let status = supervised(service);
        let waiting = status.and_then(|status| waits.of(status.pid));
        let (look, words) = describe(status, waiting.as_deref(), now());
        worst = worst.max(look.code());
        text.extend_from_slice(shown(service));
        let words = match color {
            true => format!(": {}{words}\x1b[0m\n", look.color()),
            false => format!(": {words}\n"),
        };
        text.extend_from_slice(words.as_bytes());
    }
    let printed = about::output(&ME, &text);
    if printed == 0 { worst } else { printed }
}

/// The record, if a supervise is there to keep it.
fn supervised(service: &Path) -> Option<Status> {
    let path = read::c_path_in(service, servicedir::OK).ok()?;
    match ok::is_supervised(&path, Accept::Fifo) {
        Ok(true) => question::status(service),
        Ok(false) | Err(_) => None,
    }
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| i64::try_from(now.as_secs()).unwrap_or(0))
}

/// The words for a record; `waiting` is what its gate waits for.
fn describe(status: Option<Status>, waiting: Option<&str>, now: i64) -> (Look, String) {
    let Some(status) = status else {
        return (Look::Unsupervised, "supervise not running".to_owned());
    };
    let seconds = (now - status.since.unix_seconds()).max(0);
    let time = duration(seconds);
    let paused = if status.paused { ", paused" } else { "" };
    match (status.pid, waiting) {
        (0, _) if status.want == Want::Up => (Look::Down, format!("down {time}, want up")),
        (0, _) => (Look::Rests, format!("down {time}")),
        (pid, Some(waiting)) => (
            Look::Waits,
            format!("waits {time} (pid {pid}) for {waiting}{paused}"),
        ),
        (pid, None) if status.want == Want::Down => (
            Look::Up,
            format!("up {time} (pid {pid}){paused}, want down"),
        ),
        (pid, None) => (Look::Up, format!("up {time} (pid {pid}){paused}")),
    }
}

/// Seconds, as people say them.
fn duration(seconds: i64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// What gates wait for. The data is read and a dependency asked only where some
/// service is a gate, and each dependency once.
struct Waits<'a> {
    places: &'a Places,
    data: Option<Result<Data, String>>,
    asked: BTreeMap<String, Option<String>>,
}

impl<'a> Waits<'a> {
    const fn new(places: &'a Places) -> Self {
        Self {
            places,
            data: None,
            asked: BTreeMap::new(),
        }
    }

    /// What process `pid` waits for, if it is a gate.
    fn of(&mut self, pid: u32) -> Option<String> {
        if pid == 0 {
            return None;
        }
        let gate = Gate::of(pid)?;
        let data = self
            .data
            .get_or_insert_with(|| Data::load(&self.places.services));
        let data = match data {
            Ok(data) => data,
            Err(why) => return Some(format!("something: {why}")),
        };
        for need in gate.needs(data) {
            let places = self.places;
            let state = self
                .asked
                .entry(need.clone())
                .or_insert_with(|| ask(data, places, &need));
            if let Some(why) = state {
                return Some(format!("{need}: {why}"));
            }
        }
        // Ready by now: its next look will see it.
        Some("nothing any more".to_owned())
    }
}

/// Why a dependency is not ready; `None` if it is.
fn ask(data: &Data, places: &Places, need: &str) -> Option<String> {
    let sourced = context::source(data, &places.settings).ok().flatten();
    let context = Context::new(data, sourced.as_ref());
    let report: Result<Vec<Report>, String> =
        Question::new(data, &context, &places.directory, need)
            .map(|question| check::ask(&[question]));
    match report {
        Err(why) => Some(why),
        Ok(reports) => reports
            .into_iter()
            .find(|report| report.state != State::Ready)
            .map(|report| {
                format!(
                    "{}: {}",
                    report.state.word(),
                    report.why.unwrap_or_default()
                )
            }),
    }
}

#[cfg(test)]
mod tests {
    use daemontools::tai64n::Tai64n;

    use super::*;

    fn record(pid: u32, want: Want) -> Option<Status> {
        Some(Status {
            since: Tai64n::from_unix(1000, 0),
            pid,
            paused: false,
            want,
        })
    }

    #[test]
    fn the_words_for_each_state() {
        for (status, waiting, look, words) in [
            (None, None, Look::Unsupervised, "supervise not running"),
            (record(7, Want::Up), None, Look::Up, "up 1 min 5 s (pid 7)"),
            (
                record(7, Want::Up),
                Some("redis: down: connection refused"),
                Look::Waits,
                "waits 1 min 5 s (pid 7) for redis: down: connection refused",
            ),
            (
                record(7, Want::Down),
                None,
                Look::Up,
                "up 1 min 5 s (pid 7), want down",
            ),
            (record(0, Want::Down), None, Look::Rests, "down 1 min 5 s"),
            (
                record(0, Want::Up),
                None,
                Look::Down,
                "down 1 min 5 s, want up",
            ),
        ] {
            assert_eq!(describe(status, waiting, 1065), (look, words.to_owned()));
        }
        assert_eq!(duration(90_000), "1 d 1 h");
        assert_eq!(duration(7265), "2 h 1 min");
    }
}
