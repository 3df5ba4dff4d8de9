//! The faults of a service directory whose service is in the configuration: unknown users,
//! an address that two services have, and a program that goes into the background.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::{accounts, script};
use crate::config::{Config, Service};
use crate::context::Context;
use crate::dependency::Dependency;
use crate::name::Name;
use crate::probe::Readiness;
use crate::{read, supervised};

/// A process that is younger than this was just started. A service of which that is so
/// after several starts does not stay in the foreground.
const YOUNG_SECONDS: i64 = 3;

/// The services that were examined so far.
pub(super) struct Services<'a> {
    config: &'a Config,
    context: Context<'a>,
    scan_directory: &'a Path,
    /// Each address, with the service directory that has it.
    addresses: BTreeMap<String, String>,
    gated: Vec<Name>,
}

impl<'a> Services<'a> {
    pub(super) const fn new(
        config: &'a Config,
        context: Context<'a>,
        scan_directory: &'a Path,
    ) -> Self {
        Self {
            config,
            context,
            scan_directory,
            addresses: BTreeMap::new(),
            gated: Vec::new(),
        }
    }

    /// The services that have a gate.
    pub(super) fn gated(&self) -> &[Name] {
        &self.gated
    }

    /// The faults of the service `name`, whose directory is `path`.
    pub(super) fn examine(
        &mut self,
        path: &Path,
        directory: &str,
        name: &Name,
        gated: bool,
    ) -> Vec<String> {
        let mut faults = Vec::new();
        let service = &self.config.services[&name.service];
        if gated {
            self.gated.push(name.clone());
            let context = self.context.of(name);
            faults.extend(accounts::missing(service, &context));
            faults.extend(background(service, &context));
        }
        let Some(probe) = &service.probe else {
            return faults;
        };
        let label = name.to_string();
        match Dependency::new(self.config, &self.context, self.scan_directory, &label) {
            Err(error) => faults.push(error.to_string()),
            Ok(dependency) => {
                if probe.kind.listens() {
                    faults.extend(self.address_conflict(directory, &dependency));
                }
                faults.extend(daemonized(path, &dependency));
            }
        }
        faults
    }

    fn address_conflict(&mut self, directory: &str, dependency: &Dependency) -> Option<String> {
        let address = dependency.endpoint()?.to_string();
        if let Some(other) = self.addresses.get(&address) {
            return Some(format!(
                "listens on {address}, and so does {other}: only one of them can"
            ));
        }
        self.addresses.insert(address, directory.to_owned());
        None
    }
}

/// The configuration that makes a program go into the background.
fn background(service: &Service, context: &Context) -> Vec<String> {
    let mut faults = Vec::new();
    if let Some(unless) = &service.unless
        && let Ok(file) = context.expand_path(&unless.file)
        && let Ok(text) = read::regular(&file)
        && String::from_utf8_lossy(&text)
            .lines()
            .any(|line| line.trim().starts_with("daemon on"))
    {
        faults.push(format!(
            "{}: \"daemon on;\": take that line out",
            file.display()
        ));
    }
    for word in &service.exec {
        if script::is_daemon_switch(&service.exec[0], word) {
            faults.push(format!(
                "{}: \"{word}\" sends it into the background: supervise would lose it",
                service.location
            ));
        }
    }
    faults
}

/// A program that has gone into the background: supervise starts it again and again, while
/// something answers at its address.
fn daemonized(path: &Path, dependency: &Dependency) -> Option<String> {
    let status = supervised::status(path)?;
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |now| now.as_secs());
    let age = i64::try_from(now).unwrap_or(0) - status.since.unix_seconds();
    let several = supervised::starts(path).is_none_or(|starts| starts > 3);
    let restarts = age < YOUNG_SECONDS && several;
    if !restarts {
        return None;
    }
    let outcome = dependency.probe_server()?;
    (outcome.readiness == Readiness::Ready).then(|| {
        format!(
            "starts again and again, while {} answers: it forks away from supervise, or another copy runs; keep it in the foreground, and stop that copy",
            outcome.address
        )
    })
}
