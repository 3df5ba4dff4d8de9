//! What the data lets us say of a service directory, once it is known which service
//! it is: who else has its address, what sends it into the background, and what has
//! done so already.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use daemontools::servicedir::detail::{self, Detail};

use super::{Lint, owners, script};
use crate::data::{Kind, Service};
use crate::name::Name;
use crate::probe::Verdict;
use crate::question::{self, Question};
use crate::read;

/// A service that has run for less, again and again, does not stay in the
/// foreground.
const YOUNG_SECONDS: i64 = 3;

impl Lint<'_> {
    /// A service that the data knows.
    pub(super) fn known(&mut self, place: &Path, directory: &str, name: &Name, gated: bool) {
        let service = &self.data.services[&name.service];
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
        let question = Question::new(self.data, &self.context, self.directory, &name.to_string());
        match question {
            Err(why) => self.find(place, &why),
            Ok(question) => {
                // A worker listens nowhere: its address is its redis's.
                if service
                    .probe
                    .as_ref()
                    .is_none_or(|probe| probe.kind != Kind::Worker)
                {
                    self.listens(place, directory, &question);
                }
                self.escaped(place, &question);
            }
        }
    }

    fn listens(&mut self, place: &Path, directory: &str, question: &Question) {
        let address = question.endpoint.to_string();
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
    fn escaped(&mut self, place: &Path, question: &Question) {
        let Some(status) = question::status(place) else {
            return;
        };
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |now| now.as_secs());
        let age = i64::try_from(now).unwrap_or(0) - status.since.unix_seconds();
        let restless = age < YOUNG_SECONDS && starts(place) > 3;
        if restless && question.ask().verdict == Verdict::Ready {
            self.find(
                place,
                &format!(
                    "starts again and again, while {} answers: it forks away from supervise, or another copy runs; keep it in the foreground, and stop that copy",
                    question.endpoint
                ),
            );
        }
    }
}

/// How often supervise has started a service.
fn starts(place: &Path) -> u64 {
    let text = read::regular(&place.join("supervise/detail")).unwrap_or_default();
    let counted = detail::lines(&text).any(|(name, _)| name == b"starts");
    // The reference's supervise does not count its starts: its record alone decides.
    match counted {
        true => Detail::parse(&text).starts,
        false => u64::MAX,
    }
}
