//! Whether a service's process is still a gate, and what it waits for. Nothing is
//! written down for that: the gate's own command line says what it was asked, and
//! the first dependency that is not ready is the one it is at.

use std::path::Path;

use crate::config::Config;

/// What a gate was asked to wait for, from its command line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// `exec SERVICE`: what the config says that it needs.
    Exec(String),
    /// `wait NAME...`.
    Wait(Vec<String>),
}

impl Gate {
    /// The gate that process `pid` is, or that a child of it is: a run script may
    /// wait before it execs.
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

    /// Reads a command line as `/proc` has it.
    fn parse(line: &[u8]) -> Option<Self> {
        let line = String::from_utf8_lossy(line);
        let mut words = line.split_terminator('\0');
        let program = words.next()?;
        if Path::new(program).file_name()? != "diaspora-deps" {
            return None;
        }
        loop {
            match words.next()? {
                "--services" | "--settings" | "--dir" => drop(words.next()),
                "exec" => return Some(Self::Exec(words.next()?.to_owned())),
                "wait" => break,
                _ => {}
            }
        }
        let mut names = Vec::new();
        while let Some(word) = words.next() {
            match word {
                "-a" | "--services" | "--settings" | "--dir" => drop(words.next()),
                _ if word.starts_with('-') => {}
                _ => names.push(word.to_owned()),
            }
        }
        Some(Self::Wait(names))
    }

    /// The names it waits for, in order.
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
        for other in [
            &b"redis-server\0exec\0x\0"[..],
            b"",
            b"diaspora-deps\0check\0",
        ] {
            assert_eq!(Gate::parse(other), None);
        }
    }
}
