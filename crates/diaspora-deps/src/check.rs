//! `check`: asks every dependency once, all at the same time, and says what came out.

use std::path::Path;
use std::thread;
use std::time::Duration;

use daemontools::unix::thread::builder;
use serde_json::json;

use crate::context::Context;
use crate::config::Config;
use crate::name::Name;
use crate::net::Outcome;
use crate::probe::Readiness;
use crate::dependency::Dependency;

/// A dependency's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It does its work.
    Ready,
    /// It is there and does not yet do its work.
    Starting,
    /// It is not there.
    Down,
}

impl State {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Starting => "starting",
            Self::Down => "down",
        }
    }

    /// The exit code, as Nagios reads them: fine, warning, critical.
    #[must_use]
    pub const fn code(self) -> i32 {
        match self {
            Self::Ready => 0,
            Self::Starting => 1,
            Self::Down => 2,
        }
    }
}

/// What came out for one dependency.
#[derive(Debug)]
pub struct Report {
    /// As it was named.
    pub label: String,
    /// Where it was asked.
    pub endpoint: String,
    /// Its state.
    pub state: State,
    /// Why it is not ready.
    pub why: Option<String>,
    /// How long the probe took.
    pub took: Duration,
}

impl Report {
    fn new(dependency: &Dependency, outcome: Outcome) -> Self {
        let (state, why) = match outcome.readiness {
            Readiness::Ready => (State::Ready, None),
            Readiness::Starting(why) => (State::Starting, Some(why)),
            Readiness::Down(why) => (State::Down, Some(why)),
            Readiness::Incomplete => (State::Starting, None),
        };
        Self {
            label: dependency.label.clone(),
            endpoint: dependency.endpoint.to_string(),
            state,
            why,
            took: outcome.took,
        }
    }

    fn milliseconds(&self) -> f64 {
        (self.took.as_secs_f64() * 10_000.0).round() / 10.0
    }

    /// `redis: starting: why (localhost:6379, 0.4 ms)`.
    #[must_use]
    pub fn line(&self) -> String {
        let why = self
            .why
            .as_ref()
            .map_or(String::new(), |why| format!(": {why}"));
        format!(
            "{}: {}{why} ({}, {:.1} ms)",
            self.label,
            self.state.word(),
            self.endpoint,
            self.milliseconds()
        )
    }

    /// The same for programs.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        json!({
            "service": self.label,
            "state": self.state.word(),
            "why": self.why,
            "address": self.endpoint,
            "milliseconds": self.milliseconds(),
        })
    }
}

/// Asks all at once.
#[must_use]
pub fn ask(dependencies: &[Dependency]) -> Vec<Report> {
    let report = |dependency: &Dependency| Report::new(dependency, dependency.ask());
    thread::scope(|scope| {
        let asked: Vec<_> = dependencies
            .iter()
            .map(|dependency| {
                let thread = builder()
                    .stack_size(256 * 1024)
                    .spawn_scoped(scope, move || report(dependency));
                (dependency, thread)
            })
            .collect();
        asked
            .into_iter()
            .map(|(dependency, thread)| {
                let done = thread.ok().and_then(|thread| thread.join().ok());
                done.unwrap_or_else(|| report(dependency))
            })
            .collect()
    })
}

/// The names to look at when none is given: the known services of the scan
/// directory, or where there are none, all that have no instances.
#[must_use]
pub fn default_names(config: &Config, directory: &Path) -> Vec<Name> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<Name> = entries
        .filter_map(|entry| config.find(&entry.file_name().to_string_lossy()))
        .filter(|name| name.instance.is_some() || !config.services[&name.service].instances)
        .collect();
    if names.is_empty() {
        let plain = config.services.values().filter(|service| !service.instances);
        names = plain
            .filter_map(|service| config.find(&service.name))
            .collect();
    }
    names.sort();
    names.dedup();
    names
}

/// The dependencies about `names`; services without a probe have none.
///
/// # Errors
/// See [`Dependency::new`].
pub fn dependencies<'a>(
    config: &Config,
    context: &Context,
    directory: &Path,
    names: impl Iterator<Item = &'a str>,
) -> Result<Vec<Dependency>, String> {
    names
        .filter(|name| {
            let service = config
                .find(name)
                .and_then(|name| config.services.get(&name.service));
            service.is_none_or(|service| service.probe.is_some())
        })
        .map(|name| Dependency::new(config, context, directory, name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_and_a_record_say_the_same() {
        let report = Report {
            label: "redis".to_owned(),
            endpoint: "localhost:6379".to_owned(),
            state: State::Starting,
            why: Some("\"LOADING\"".to_owned()),
            took: Duration::from_micros(420),
        };
        let line = "redis: starting: \"LOADING\" (localhost:6379, 0.4 ms)";
        assert_eq!(report.line(), line);
        let json = report.json().to_string();
        assert!(json.contains("\"state\":\"starting\"") && json.contains("\"milliseconds\":0.4"));
    }
}
