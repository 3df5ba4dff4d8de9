//! The line of a service: its state and the words for it. Pure.

use std::time::Duration;

use daemontools::PERMANENT;
use daemontools::servicedir::detail::{Detail, Stage};
use daemontools::servicedir::state::State;
use daemontools::servicedir::status::{Status, Want};
use daemontools::unix::process::End;

use super::super::gates::Need;
use super::super::words;
use crate::error::GAVE_UP;
use crate::probe::{self, Readiness};

/// The exit code for a service that should run and does not: that of init scripts.
const NOT_RUNNING: i32 = 3;
/// How long a service is up that has recovered, where its policy says nothing.
pub(super) const HEALTHY: Duration = Duration::from_secs(10);

/// How a service does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Health {
    /// Its files can't be read; with the exit code.
    Unknown(i32),
    Unsupervised,
    Up,
    /// Its process is a gate that waits.
    Waits,
    /// Down, and not wanted up.
    Stopped,
    /// Not as it is wanted.
    Bad,
}

impl Health {
    pub(super) const fn color(self) -> &'static str {
        match self {
            Self::Up => "\x1b[32m",
            Self::Waits => "\x1b[33m",
            Self::Stopped => "\x1b[2m",
            Self::Bad | Self::Unsupervised | Self::Unknown(_) => "\x1b[31m",
        }
    }

    pub(super) const fn code(self) -> i32 {
        match self {
            Self::Up | Self::Stopped => 0,
            Self::Waits | Self::Bad => NOT_RUNNING,
            Self::Unsupervised => PERMANENT,
            Self::Unknown(code) => code,
        }
    }
}

/// What is known about a supervised service.
pub(super) struct Facts<'a> {
    pub(super) status: Status,
    pub(super) state: State,
    pub(super) detail: Detail,
    /// How long it is up when it has recovered.
    pub(super) healthy: Duration,
    /// What it waits for, if its process is a gate.
    pub(super) needs: Option<&'a [Need]>,
    /// Since when it waits, where that is known; Unix time.
    pub(super) waits_since: Option<i64>,
    /// Unix time.
    pub(super) now: i64,
}

impl Facts<'_> {
    /// The health of the service and its words.
    pub(super) fn describe(&self) -> (Health, String) {
        match self.status.pid {
            0 => self.down(),
            pid => self.up(pid),
        }
    }

    fn seconds(&self) -> i64 {
        (self.now - self.status.since.unix_seconds()).max(0)
    }

    fn stage(&self) -> Option<Stage> {
        match self.state {
            State::Staged { stage, .. } => Some(stage),
            _ => None,
        }
    }

    fn down(&self) -> (Health, String) {
        let time = words::seconds(self.seconds());
        match self.stage() {
            Some(Stage::Failed) => match probe::readiness(self.state, &self.detail) {
                Readiness::Down(why) => (Health::Bad, format!("down {time}, {why}")),
                _ => (Health::Bad, format!("down {time}, failed")),
            },
            Some(Stage::Finished) => (Health::Stopped, format!("down {time}, finished")),
            _ if self.status.want == Want::Up => {
                let ends = self.early_ends().or_else(|| self.last_end());
                let ends = ends.map_or_else(String::new, |(ends, _)| format!(": {ends}"));
                (Health::Bad, format!("down {time}, want up{ends}"))
            }
            Some(Stage::Finishing) => (Health::Stopped, format!("down {time}, finish runs")),
            _ => (Health::Stopped, format!("down {time}")),
        }
    }

    fn up(&self, pid: u32) -> (Health, String) {
        let time = words::seconds(self.seconds());
        let paused = if self.status.paused { ", paused" } else { "" };
        let up = format!("up {time} (pid {pid}){paused}");
        if self.status.want == Want::Down {
            let words = format!("{up}, want down: was told to stop and has not ended");
            return (Health::Bad, words);
        }
        let needs = self.needs.unwrap_or_default();
        if let Some(need) = needs.iter().find(|need| !need.is_ready) {
            let (name, why) = (&need.name, &need.words);
            let since = self
                .waits_since
                .map_or(time, |since| words::seconds(self.now - since));
            let again = match (self.waits_since, self.detail.last_end) {
                (None, Some(End::Exited(GAVE_UP))) => ", after it gave up before",
                _ => "",
            };
            let words = format!("waits {since} (pid {pid}) for {name}: {why}{again}{paused}");
            return (Health::Waits, words);
        }
        let is_young = u64::try_from(self.seconds()).is_ok_and(|up| up < self.healthy.as_secs());
        let ends = is_young.then(|| self.early_ends().or_else(|| self.last_end()));
        match ends.flatten() {
            Some((ends, health)) => (health, format!("{up}: {ends}")),
            None if self.needs.is_some() => {
                let words = format!("waits {time} (pid {pid}): all that it needs is ready{paused}");
                (Health::Waits, words)
            }
            None if self.stage() == Some(Stage::Starting) => {
                (Health::Up, format!("{up}, not ready"))
            }
            None => (Health::Up, up),
        }
    }

    /// That it ends again and again, as supervise counts it where it has a policy.
    fn early_ends(&self) -> Option<(String, Health)> {
        let count = self.detail.failures;
        if self.stage().is_none() || count < 2 {
            return None;
        }
        let end = self.detail.last_end;
        if end == Some(End::Exited(GAVE_UP)) {
            let words = format!("its gate gave up, and it has ended early {count} times in a row");
            return Some((words, Health::Up));
        }
        let end = end.map_or_else(String::new, |end| format!(" ({})", words::end(end)));
        let words = format!("crash loop, it has ended early {count} times in a row{end}");
        Some((words, Health::Bad))
    }

    /// Its last end, where supervise does not count early ones. It may have been asked
    /// for, unless the program gave an exit code that means failure or crashed.
    fn last_end(&self) -> Option<(String, Health)> {
        let end = self.detail.last_end?;
        let starts = self.detail.starts;
        if self.stage().is_some() || starts < 2 {
            return None;
        }
        let health = match end {
            End::Exited(0 | GAVE_UP) => Health::Up,
            End::Exited(_) => Health::Bad,
            End::Killed(signal) if CRASHES.contains(&signal) => Health::Bad,
            End::Killed(_) => Health::Up,
        };
        let end = words::end(end);
        Some((format!("started {starts} times, last end: {end}"), health))
    }
}

/// ILL, ABRT, BUS, FPE and SEGV: no command of svc sends them.
const CRASHES: [i32; 5] = {
    use daemontools::unix::signal::Signal;
    [
        Signal::SIGILL as i32,
        Signal::SIGABRT as i32,
        Signal::SIGBUS as i32,
        Signal::SIGFPE as i32,
        Signal::SIGSEGV as i32,
    ]
};

#[cfg(test)]
mod tests;
