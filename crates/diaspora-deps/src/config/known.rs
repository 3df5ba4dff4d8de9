//! All services and settings, and the services that names mean. Pure.

use std::collections::BTreeMap;

use super::service::Service;
use super::setting::Setting;
use crate::error::{Error, Location, Suggestion};
use crate::name::Name;
use crate::similar::similar;

/// All services, and the defaults of the settings.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// By name.
    pub services: BTreeMap<String, Service>,
    /// Settings with their defaults.
    pub settings: BTreeMap<String, Setting>,
    /// Where the settings are written that are not built in.
    pub(super) own_settings: BTreeMap<String, Location>,
}

impl Config {
    /// The service and instance that a name means.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<Name> {
        Name::parse(text, |name| {
            let service = self.services.get(name).or_else(|| {
                let mut all = self.services.values();
                all.find(|service| service.aliases.iter().any(|alias| alias.name == name))
            })?;
            Some((service.name.clone(), service.instances))
        })
    }

    /// What somebody who wrote an unknown name may have meant.
    #[must_use]
    pub fn suggest(&self, unknown: &str) -> Suggestion {
        let names = self.services.values().flat_map(|service| {
            let aliases = service.aliases.iter().map(|alias| &alias.name);
            aliases.chain(std::iter::once(&service.name))
        });
        match similar(names, unknown) {
            Some(name) => Suggestion::Similar(name.clone()),
            None => Suggestion::Describe(unknown.to_owned()),
        }
    }

    /// The error for a service that is not known.
    #[must_use]
    pub fn unknown(&self, name: &str) -> Error {
        Error::UnknownService {
            name: name.to_owned(),
            suggestion: self.suggest(name),
        }
    }
}
