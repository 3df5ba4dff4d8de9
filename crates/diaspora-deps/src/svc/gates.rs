//! What gates wait for. Each dependency is probed at most once.

use std::collections::BTreeMap;

use super::gate::Gate;
use crate::check::{Report, State};
use crate::config::Config;
use crate::context::Context;
use crate::dependency::Dependency;
use crate::error::Error;
use crate::paths::Paths;
use crate::settings::SettingsFile;

/// What a dependency of a gate is like.
#[derive(Clone, Debug)]
pub(super) struct Need {
    pub(super) name: String,
    pub(super) is_ready: bool,
    /// `down: connection refused`; `ready`.
    pub(super) words: String,
}

pub(super) struct Gates<'a> {
    config: &'a Config,
    paths: &'a Paths,
    settings: &'a SettingsFile,
    probed: BTreeMap<String, Need>,
}

impl<'a> Gates<'a> {
    pub(super) const fn new(
        config: &'a Config,
        paths: &'a Paths,
        settings: &'a SettingsFile,
    ) -> Self {
        Self {
            config,
            paths,
            settings,
            probed: BTreeMap::new(),
        }
    }

    /// The needs of the gate that process `pid` is; `None` if it is no gate, or one that
    /// waits for nothing.
    pub(super) fn needs(&mut self, pid: u32) -> Option<Vec<Need>> {
        let gate = (pid != 0).then(|| Gate::of(pid)).flatten()?;
        let needs = gate.needs(self.config);
        let needs: Vec<Need> = needs.into_iter().map(|name| self.need(name)).collect();
        (!needs.is_empty()).then_some(needs)
    }

    fn need(&mut self, name: String) -> Need {
        if let Some(need) = self.probed.get(&name) {
            return need.clone();
        }
        let (is_ready, words) = match self.dependency(&name) {
            Err(error) => (false, error.to_string()),
            Ok(dependency) => {
                let report = Report::new(&dependency, dependency.probe());
                (report.state == State::Ready, report.state_and_reason())
            }
        };
        let need = Need {
            name: name.clone(),
            is_ready,
            words,
        };
        self.probed.insert(name, need.clone());
        need
    }

    fn dependency(&self, name: &str) -> Result<Dependency, Error> {
        let context = Context::new(self.config, self.settings);
        Dependency::new(self.config, &context, &self.paths.directory, name)
    }
}
