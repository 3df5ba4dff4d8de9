//! `status`: a line for each service, with what its gate waits for.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use daemontools::servicedir::status::{Status, Want};
use daemontools::{PERMANENT, cli};

use super::gate::Gate;
use super::services::{ME, label};
use crate::check::{Report, State};
use crate::config::Config;
use crate::context::Context;
use crate::dependency::Dependency;
use crate::error::Error;
use crate::paths::Paths;
use crate::settings::SettingsFile;
use crate::supervised;

/// The exit code for a service that should run and does not: that of init scripts.
const NOT_RUNNING: i32 = 3;

/// The state of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ServiceState {
    Unsupervised,
    Up,
    /// Its process is a gate that waits.
    Waits,
    /// Down, and wanted down.
    Stopped,
    /// Down, and wanted up.
    Down,
}

impl ServiceState {
    const fn color(self) -> &'static str {
        match self {
            Self::Up => "\x1b[32m",
            Self::Waits => "\x1b[33m",
            Self::Stopped => "\x1b[2m",
            Self::Down | Self::Unsupervised => "\x1b[31m",
        }
    }

    const fn code(self) -> i32 {
        match self {
            Self::Up | Self::Stopped => 0,
            Self::Waits | Self::Down => NOT_RUNNING,
            Self::Unsupervised => PERMANENT,
        }
    }
}

/// Prints the status of all services; gives 0 if each one that should run does.
pub(super) fn status(services: &[PathBuf], paths: &Paths) -> i32 {
    let color = std::io::stdout().is_terminal();
    let mut gates = Gates::new(paths);
    let mut worst = 0;
    let mut text = Vec::new();
    for service in services {
        let status = supervised::current_status(service);
        let waiting = status.and_then(|status| gates.reason(status.pid));
        let (state, words) = describe(status, waiting.as_deref(), now());
        worst = worst.max(state.code());
        text.extend_from_slice(label(service));
        let words = match color {
            true => format!(": {}{words}\x1b[0m\n", state.color()),
            false => format!(": {words}\n"),
        };
        text.extend_from_slice(words.as_bytes());
    }
    let printed = cli::output(&ME, &text);
    if printed == 0 { worst } else { printed }
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| i64::try_from(now.as_secs()).unwrap_or(0))
}

/// The state for a status and its words; `waiting` is what the gate waits for.
fn describe(status: Option<Status>, waiting: Option<&str>, now: i64) -> (ServiceState, String) {
    let Some(status) = status else {
        return (
            ServiceState::Unsupervised,
            "supervise not running".to_owned(),
        );
    };
    let seconds = (now - status.since.unix_seconds()).max(0);
    let time = duration(seconds);
    let paused = if status.paused { ", paused" } else { "" };
    match (status.pid, waiting) {
        (0, _) if status.want == Want::Up => (ServiceState::Down, format!("down {time}, want up")),
        (0, _) => (ServiceState::Stopped, format!("down {time}")),
        (pid, Some(waiting)) => (
            ServiceState::Waits,
            format!("waits {time} (pid {pid}) for {waiting}{paused}"),
        ),
        (pid, None) if status.want == Want::Down => (
            ServiceState::Up,
            format!("up {time} (pid {pid}){paused}, want down"),
        ),
        (pid, None) => (ServiceState::Up, format!("up {time} (pid {pid}){paused}")),
    }
}

/// A time in its two largest units.
fn duration(seconds: i64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// What gates wait for. The configuration is read only if a service is a gate, and each
/// dependency is probed at most once.
struct Gates<'a> {
    paths: &'a Paths,
    config: Option<Result<Config, Error>>,
    settings: SettingsFile,
    reasons: BTreeMap<String, Option<String>>,
}

impl<'a> Gates<'a> {
    fn new(paths: &'a Paths) -> Self {
        Self {
            paths,
            config: None,
            settings: SettingsFile::new(&paths.settings),
            reasons: BTreeMap::new(),
        }
    }

    /// What process `pid` waits for; `None` if it is not a gate.
    fn reason(&mut self, pid: u32) -> Option<String> {
        if pid == 0 {
            return None;
        }
        let gate = Gate::of(pid)?;
        let config = self
            .config
            .get_or_insert_with(|| Config::load(&self.paths.services));
        let config = match config {
            Ok(config) => config,
            Err(why) => return Some(format!("something: {why}")),
        };
        for need in gate.needs(config) {
            let context = Context::new(config, &self.settings);
            let directory = &self.paths.directory;
            let state = self
                .reasons
                .entry(need.clone())
                .or_insert_with(|| probe(config, &context, directory, &need));
            if let Some(why) = state {
                return Some(format!("{need}: {why}"));
            }
        }
        // All are ready by now; the gate's next probe will find them so.
        Some("nothing any more".to_owned())
    }
}

/// Why a dependency is not ready; `None` if it is.
fn probe(config: &Config, context: &Context, directory: &Path, need: &str) -> Option<String> {
    let dependency = match Dependency::new(config, context, directory, need) {
        Err(error) => return Some(error.to_string()),
        Ok(dependency) => dependency,
    };
    let report = Report::new(&dependency, dependency.probe());
    let why = report.why.unwrap_or_default();
    (report.state != State::Ready).then(|| format!("{}: {why}", report.state.word()))
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
    fn each_state_has_its_words() {
        for (status, waiting, state, words) in [
            (
                None,
                None,
                ServiceState::Unsupervised,
                "supervise not running",
            ),
            (
                record(7, Want::Up),
                None,
                ServiceState::Up,
                "up 1 min 5 s (pid 7)",
            ),
            (
                record(7, Want::Up),
                Some("redis: down: connection refused"),
                ServiceState::Waits,
                "waits 1 min 5 s (pid 7) for redis: down: connection refused",
            ),
            (
                record(7, Want::Down),
                None,
                ServiceState::Up,
                "up 1 min 5 s (pid 7), want down",
            ),
            (
                record(0, Want::Down),
                None,
                ServiceState::Stopped,
                "down 1 min 5 s",
            ),
            (
                record(0, Want::Up),
                None,
                ServiceState::Down,
                "down 1 min 5 s, want up",
            ),
        ] {
            assert_eq!(describe(status, waiting, 1065), (state, words.to_owned()));
        }
        assert_eq!(duration(90_000), "1 d 1 h");
        assert_eq!(duration(7265), "2 h 1 min");
    }
}
