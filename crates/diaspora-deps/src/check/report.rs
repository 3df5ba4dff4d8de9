//! The outcome of a probe of one dependency, as a line and as JSON.

use std::time::Duration;

use serde_json::json;

use crate::dependency::Dependency;
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
