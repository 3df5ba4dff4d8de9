//! What each service needs and how it is started: the built-in `services.toml`, and
//! the operator's over it.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::{Error, FileError, Mistake, Suggestion};
use crate::name::Name;
use crate::read;

mod kind;
mod layer;
mod own;
mod probe;
mod service;
mod setting;
mod written;

pub use own::Own;
pub use probe::{Http, Kind, Probe, Redis, Tls};
pub use service::{Directory, LogFile, Need, Service, Unless};
pub use setting::{Key, Newest, Setting};

const BUILT_IN: &str = include_str!("../services.toml");

/// All services, and the defaults of the settings.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// By name.
    pub services: BTreeMap<String, Service>,
    /// Settings with their defaults.
    pub settings: BTreeMap<String, Setting>,
}

impl Config {
    /// Reads the built-in configuration, and the operator's file over it if it exists.
    ///
    /// # Errors
    /// The first mistake in a file; [`Error::Read`] if the operator's can't be read or
    /// another user may change it.
    pub fn load(file: &Path) -> Result<Self, Error> {
        let mut config = Self::built_in()?;
        let unreadable = |cause| Error::Read {
            file: file.to_owned(),
            cause,
        };
        let bytes = read::trusted(file).map_err(|why| unreadable(FileError::Path(why)))?;
        if let Some(bytes) = bytes {
            let text = String::from_utf8(bytes).map_err(|error| unreadable(error.into()))?;
            config.add(&file.to_string_lossy(), &text)?;
        }
        config.check()?;
        Ok(config)
    }

    fn built_in() -> Result<Self, Error> {
        let mut config = Self::default();
        config.add("built-in services.toml", BUILT_IN)?;
        let services = config.services.values_mut();
        for probe in services.filter_map(|service| service.probe.as_mut()) {
            probe.is_built_in = true;
        }
        Ok(config)
    }

    fn add(&mut self, file: &str, text: &str) -> Result<(), Error> {
        layer::add(file, text, &mut self.services, &mut self.settings)
    }

    /// Checks what only the whole shows: that each need is known and can be probed.
    fn check(&self) -> Result<(), Error> {
        for service in self.services.values() {
            for need in &service.needs {
                if let Some(mistake) = self.mistake(service, need) {
                    let location = need.location.clone();
                    return Err(Error::Mistake { location, mistake });
                }
            }
        }
        Ok(())
    }

    fn mistake(&self, service: &Service, need: &Need) -> Option<Mistake> {
        let service = service.name.clone();
        let Some(name) = self.find(&need.name) else {
            return Some(Mistake::UnknownNeed {
                service,
                need: need.name.clone(),
                suggestion: self.suggest(&need.name),
            });
        };
        let needed = &self.services[&name.service];
        if needed.probe.is_none() {
            let need = name.service;
            return Some(Mistake::NeedWithoutProbe { service, need });
        }
        if needed.instances && name.instance.is_none() {
            let need = name.service;
            return Some(Mistake::NeedWithoutInstance { service, need });
        }
        None
    }

    /// The service and instance that a name means.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<Name> {
        Name::parse(text, |name| {
            let service = self.services.get(name).or_else(|| {
                let mut all = self.services.values();
                all.find(|service| service.aliases.iter().any(|alias| alias == name))
            })?;
            Some((service.name.clone(), service.instances))
        })
    }

    /// What somebody who wrote an unknown name may have meant.
    #[must_use]
    pub fn suggest(&self, unknown: &str) -> Suggestion {
        let names = self.services.values().flat_map(|service| {
            let aliases = service.aliases.iter();
            aliases.chain(std::iter::once(&service.name))
        });
        let near = names
            .map(|name| (strsim::damerau_levenshtein(name, unknown), name))
            .min()
            .filter(|&(distance, _)| distance <= 2);
        match near {
            Some((_, name)) => Suggestion::Similar(name.clone()),
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

#[cfg(test)]
mod tests;
