//! What the config lets us say of a service directory, once it is known which service
//! it is: who else has its address, what sends it into the background, and what has
//! done so already.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::{Lint, owners, script};
use crate::config::{Kind, Service};
use crate::name::Name;
use crate::probe::Readiness;
use crate::dependency::{self, Dependency};
use crate::read;

/// A service that has run for less, again and again, does not stay in the
/// foreground.
const YOUNG_SECONDS: i64 = 3;

impl Lint<'_> {
    /// A service that the config knows.
    pub(super) fn known(&mut self, place: &Path, directory: &str, name: &Name, gated: bool) {
        let service = &self.config.services[&name.service];
        if gated {
            self.gated.push(name.clone());
            for trouble in owners::missing(service, &self.context.of(name)) {
                self.find(place, &trouble);
            }
            self.foreground(place, service, name);
        }
        if service.probe.is_none() {
            return;
        }
        let dependency = Dependency::new(self.config, &self.context, self.directory, &name.to_string());
        match dependency {
            Err(why) => self.find(place, &why),
            Ok(dependency) => {
                // A worker listens nowhere: its address is its redis's.
                if service
                    .probe
                    .as_ref()
                    .is_none_or(|probe| probe.kind != Kind::Worker)
                {
                    self.listens(place, directory, &dependency);
                }
                self.escaped(place, &dependency);
            }
        }
    }

    fn listens(&mut self, place: &Path, directory: &str, dependency: &Dependency) {
        let address = dependency.endpoint.to_string();
        match self.listens.get(&address).cloned() {
            Some(other) => self.find(
                place,
                &format!("listens on {address}, and so does {other}: only one of them can"),
            ),
            None => {
                self.listens.insert(address, directory.to_owned());
            }
        }
    }

    /// The configuration that would send it into the background.
    fn foreground(&mut self, place: &Path, service: &Service, name: &Name) {
        if let Some(unless) = &service.unless
            && let Ok(file) = self.context.of(name).expand_path(&unless.file)
            && let Ok(text) = read::regular(&file)
            && String::from_utf8_lossy(&text)
                .lines()
                .any(|line| line.trim().starts_with("daemon on"))
        {
            self.find(
                place,
                &format!("{}: \"daemon on;\": take that line out", file.display()),
            );
        }
        for word in &service.exec {
            if script::is_daemon_switch(&service.exec[0], word) {
                self.find(
                    place,
                    &format!(
                        "{}: \"{word}\" sends it into the background: supervise would lose it",
                        service.place
                    ),
                );
            }
        }
    }

    /// The daemonising trap, seen: supervise's process is always young, while
    /// somebody answers on the service's address.
    fn escaped(&mut self, place: &Path, dependency: &Dependency) {
        let Some(status) = dependency::status(place) else {
            return;
        };
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |now| now.as_secs());
        let age = i64::try_from(now).unwrap_or(0) - status.since.unix_seconds();
        let restless = age < YOUNG_SECONDS && starts(place) > 3;
        if restless && dependency.ask().readiness == Readiness::Ready {
            self.find(
                place,
                &format!(
                    "starts again and again, while {} answers: it forks away from supervise, or another copy runs; keep it in the foreground, and stop that copy",
                    dependency.endpoint
                ),
            );
        }
    }
}

/// How often supervise has started a service.
fn starts(place: &Path) -> u64 {
    let text = read::regular(&place.join("supervise/detail")).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let number = text.lines().find_map(|line| line.strip_prefix("starts "));
    // A supervise that does not count has no such file: believe its clock.
    number.map_or(u64::MAX, |number| number.parse().unwrap_or(0))
}
