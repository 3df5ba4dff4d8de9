//! What each service needs and how it is started: the built-in `services.toml`, and
//! the operator's over it. Here is what can be asked of the whole, and what only the
//! whole shows to be wrong, said with file and line, and with what to write instead.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;

use crate::name::Name;
use crate::read;

mod layer;
mod service;

pub use service::{Kind, LogFile, Need, Owned, Probe, Service, Unless};

const BUILT_IN: &str = include_str!("../services.toml");

/// A mistake in the data, as a message.
pub type Mistake = String;

/// All services, and the settings' defaults.
#[derive(Clone, Debug, Default)]
pub struct Data {
    /// By name.
    pub services: BTreeMap<String, Service>,
    /// Settings with their defaults.
    pub settings: BTreeMap<String, String>,
}

impl Data {
    /// The built-in data with the operator's file over it, if it exists.
    ///
    /// # Errors
    /// Says the first mistake.
    pub fn load(file: &Path) -> Result<Self, Mistake> {
        let mut data = Self::default();
        data.add("built-in services.toml", BUILT_IN)?;
        let unreadable = |why: &dyn Display| format!("unable to read {}: {why}", file.display());
        if let Some(bytes) = read::ours(file).map_err(|obstacle| unreadable(&obstacle))? {
            let text = String::from_utf8(bytes).map_err(|error| unreadable(&error))?;
            data.add(&file.to_string_lossy(), &text)?;
        }
        data.check()?;
        Ok(data)
    }

    /// Looks for what only the whole shows: needs that nobody knows, or that can't
    /// be waited for.
    fn check(&self) -> Result<(), Mistake> {
        for service in self.services.values() {
            for need in &service.needs {
                let wrong = |why: String| {
                    Err(format!(
                        "{}: service \"{}\" {why}",
                        need.place, service.name
                    ))
                };
                let Some(name) = self.find(&need.name) else {
                    return wrong(format!(
                        "needs \"{}\", which is unknown: {}",
                        need.name,
                        self.suggest(&need.name)
                    ));
                };
                let needed = &self.services[&name.service];
                if needed.probe.is_none() {
                    return wrong(format!(
                        "needs \"{0}\", which has no probe: add probe = {{ kind = ..., address = ... }} to [service.{0}]",
                        name.service
                    ));
                }
                if needed.instances && name.instance.is_none() {
                    return wrong(format!(
                        "needs \"{0}\", which has instances: write \"{0}_0\", say",
                        name.service
                    ));
                }
            }
        }
        Ok(())
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
    pub fn suggest(&self, unknown: &str) -> String {
        let names = self.services.values().flat_map(|service| {
            let aliases = service.aliases.iter();
            aliases.chain(std::iter::once(&service.name))
        });
        let near = names
            .map(|name| (strsim::damerau_levenshtein(name, unknown), name))
            .min()
            .filter(|&(distance, _)| distance <= 2);
        match near {
            Some((_, name)) => format!("did you mean \"{name}\"?"),
            None => format!("describe it as [service.{unknown}], or use a known name"),
        }
    }
}

#[cfg(test)]
mod tests;
