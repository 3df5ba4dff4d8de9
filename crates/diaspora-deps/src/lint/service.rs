//! The faults of a service directory whose service is in the configuration: its program,
//! its users, its needs, and an address that two services have.

use std::collections::BTreeMap;
use std::path::Path;

use super::{accounts, needs, program, running};
use crate::config::Config;
use crate::context::Context;
use crate::dependency::Dependency;
use crate::name::Name;

/// The services that were examined so far.
pub(super) struct Services<'a> {
    config: &'a Config,
    context: Context<'a>,
    settings: &'a Path,
    scan_directory: &'a Path,
    /// Each address, with the service directory that has it.
    addresses: BTreeMap<String, String>,
}

impl<'a> Services<'a> {
    pub(super) const fn new(
        config: &'a Config,
        context: Context<'a>,
        settings: &'a Path,
        scan_directory: &'a Path,
    ) -> Self {
        Self {
            config,
            context,
            settings,
            scan_directory,
            addresses: BTreeMap::new(),
        }
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
            let context = self.context.of(name);
            faults.extend(accounts::missing(service, &context));
            faults.extend(program::faults(service, &context, self.settings, path));
            let unmet = needs::unmet(self.config, &context, self.scan_directory, path, name);
            faults.extend(unmet);
        }
        let mut dependency = None;
        if let Some(probe) = &service.probe {
            let label = name.to_string();
            match Dependency::new(self.config, &self.context, self.scan_directory, &label) {
                Err(error) => faults.push(error.to_string()),
                Ok(found) => {
                    if probe.kind.listens() {
                        faults.extend(self.address_conflict(directory, &found));
                    }
                    dependency = Some(found);
                }
            }
        }
        faults.extend(running::crash_loop(path, dependency.as_ref()));
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
