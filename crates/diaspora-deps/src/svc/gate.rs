//! Whether a service's process is still a gate, and what it waits for. The gate's command
//! line tells its dependencies; it waits for the first that is not ready.

use std::path::Path;

use clap::Parser;

use crate::address;
use crate::command::arguments::{Arguments, Command};
use crate::config::Config;

/// A gate, from its command line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// `exec SERVICE`: waits for the needs of that service.
    Exec(String),
    /// `wait NAME...`.
    Wait(Vec<String>),
}

impl Gate {
    /// The gate that process `pid` is, or a child of it: a run script may wait before it
    /// execs.
    pub(super) fn of(pid: u32) -> Option<Self> {
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let children = children.unwrap_or_default();
        let children = children
            .split_whitespace()
            .filter_map(|pid| pid.parse().ok());
        std::iter::once(pid).chain(children).find_map(|pid| {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
            Self::parse(&line)
        })
    }

    /// Reads a command line in the form of `/proc/PID/cmdline`.
    fn parse(line: &[u8]) -> Option<Self> {
        let line = String::from_utf8_lossy(line);
        let words: Vec<&str> = line.split_terminator('\0').collect();
        if Path::new(words.first()?).file_name()? != "diaspora-deps" {
            return None;
        }
        match Arguments::try_parse_from(words).ok()?.command {
            Command::Exec { service, .. } => Some(Self::Exec(service)),
            Command::Wait { services, .. } => {
                let names = services.iter().flat_map(|word| word.split_whitespace());
                Some(Self::Wait(names.map(address::shown).collect()))
            }
            _ => None,
        }
    }

    /// The names that it waits for, in order.
    pub(super) fn needs(&self, config: &Config) -> Vec<String> {
        match self {
            Self::Wait(names) => names.clone(),
            Self::Exec(label) => {
                let service = config
                    .find(label)
                    .and_then(|name| config.services.get(&name.service));
                let needs = service.map(|service| service.needs.iter());
                needs
                    .into_iter()
                    .flatten()
                    .map(|need| need.name.clone())
                    .collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_is_known_by_its_command_line() {
        let exec = |name: &str| Some(Gate::Exec(name.to_owned()));
        assert_eq!(
            Gate::parse(b"diaspora-deps\0exec\0thin\0-x\0"),
            exec("thin")
        );
        assert_eq!(
            Gate::parse(b"/usr/bin/diaspora-deps\0--dir\0exec\0exec\0a\0"),
            exec("a")
        );
        let wait = Gate::Wait(vec!["redis".to_owned(), "web".to_owned()]);
        assert_eq!(
            Gate::parse(b"diaspora-deps\0wait\0-a\x003\0redis\0web\0"),
            Some(wait)
        );
        let wait = Gate::Wait(vec!["redis".to_owned(), "web".to_owned()]);
        assert_eq!(
            Gate::parse(b"diaspora-deps\0wait\0-a\0-1\0-v\0--timeout\x009\0redis web\0"),
            Some(wait)
        );
        assert_eq!(
            Gate::parse(b"diaspora-deps\0exec\0-v\0thin\0"),
            exec("thin")
        );
        for other in [
            &b"redis-server\0exec\0x\0"[..],
            b"",
            b"diaspora-deps\0check\0",
        ] {
            assert_eq!(Gate::parse(other), None);
        }
    }
}
