//! `check`: probes every dependency once, all at the same time, and reports the outcome.

use std::path::Path;
use std::thread;
use std::time::Duration;

use daemontools::unix::thread::builder;
use serde_json::json;

use crate::config::Config;
use crate::context::Context;
use crate::dependency::Dependency;
use crate::error::Error;
use crate::name::Name;
use crate::net::Outcome;
use crate::probe::Readiness;

/// A dependency's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It does its work.
    Ready,
    /// It accepts connections and does not do its work yet.
    Starting,
    /// Nobody listens, or something else does.
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

/// The outcome for one dependency.
#[derive(Debug)]
pub struct Report {
    /// The name as it was given.
    pub label: String,
    /// The address that was probed, or the service directory whose supervise was asked.
    pub address: String,
    /// Its state.
    pub state: State,
    /// Why it is not ready.
    pub why: Option<String>,
    /// How long the probe took.
    pub took: Duration,
}

impl Report {
    /// The report of a probe.
    #[must_use]
    pub fn new(dependency: &Dependency, outcome: Outcome) -> Self {
        let (state, why) = match outcome.readiness {
            Readiness::Ready => (State::Ready, None),
            Readiness::Starting(why) => (State::Starting, Some(why)),
            Readiness::Down(why) => (State::Down, Some(why)),
            Readiness::Incomplete => (State::Starting, None),
        };
        Self {
            label: dependency.label.clone(),
            address: outcome.address,
            state,
            why,
            took: outcome.took,
        }
    }

    /// `starting: why`; `ready`.
    #[must_use]
    pub fn state_and_reason(&self) -> String {
        match &self.why {
            Some(why) => format!("{}: {why}", self.state.word()),
            None => self.state.word().to_owned(),
        }
    }

    fn milliseconds(&self) -> f64 {
        (self.took.as_secs_f64() * 10_000.0).round() / 10.0
    }

    /// `redis: starting: why (localhost:6379, 0.4 ms)`.
    #[must_use]
    pub fn line(&self) -> String {
        format!(
            "{}: {} ({}, {:.1} ms)",
            self.label,
            self.state_and_reason(),
            self.address,
            self.milliseconds()
        )
    }

    /// The same as JSON.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        json!({
            "service": self.label,
            "state": self.state.word(),
            "why": self.why,
            "address": self.address,
            "milliseconds": self.milliseconds(),
        })
    }
}

/// Probes all at the same time, each in a thread.
#[must_use]
pub fn probe(dependencies: &[Dependency]) -> Vec<Report> {
    let report = |dependency: &Dependency| Report::new(dependency, dependency.probe());
    thread::scope(|scope| {
        let probed: Vec<_> = dependencies
            .iter()
            .map(|dependency| {
                let thread = builder()
                    .stack_size(256 * 1024)
                    .spawn_scoped(scope, move || report(dependency));
                (dependency, thread)
            })
            .collect();
        probed
            .into_iter()
            .map(|(dependency, thread)| {
                let done = thread.ok().and_then(|thread| thread.join().ok());
                done.unwrap_or_else(|| report(dependency))
            })
            .collect()
    })
}

/// The services that are meant when none is named: the known services of the scan
/// directory; if it has none, all services.
#[must_use]
pub fn default_names(config: &Config, directory: &Path) -> Vec<Name> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<Name> = entries
        .filter_map(|entry| config.find(&entry.file_name().to_string_lossy()))
        .collect();
    if names.is_empty() {
        let services = config.services.keys();
        names = services.filter_map(|name| config.find(name)).collect();
    }
    names.sort();
    names.dedup();
    names
}

/// The dependencies that `names` name. What can't be probed is left out: a service without
/// a probe, and one that has instances of which none is named.
///
/// # Errors
/// As [`Dependency::new`].
pub fn dependencies<'a>(
    config: &Config,
    context: &Context,
    directory: &Path,
    names: impl Iterator<Item = &'a str>,
) -> Result<Vec<Dependency>, Error> {
    names
        .filter(|name| {
            let Some(name) = config.find(name) else {
                return true;
            };
            let service = &config.services[&name.service];
            service.probe.is_some() && (name.instance.is_some() || !service.instances)
        })
        .map(|name| Dependency::new(config, context, directory, name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_and_its_json_say_the_same() {
        let report = Report {
            label: "redis".to_owned(),
            address: "localhost:6379".to_owned(),
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
