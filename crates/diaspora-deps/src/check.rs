//! `check`: probes every dependency once, all at the same time, and reports the outcome.

use std::path::Path;
use std::thread;

use daemontools::unix::thread::builder;

use crate::config::Config;
use crate::context::Context;
use crate::dependency::Dependency;
use crate::error::Error;
use crate::name::Name;

pub mod nagios;
mod report;

pub use report::{Report, State};

/// Probes all at the same time, each in a thread.
#[must_use]
pub fn probe(dependencies: &[Dependency]) -> Vec<Report> {
    let report = |dependency: &Dependency| Report::new(dependency, dependency.probe());
    thread::scope(|scope| {
        let probed: Vec<_> = dependencies
            .iter()
            .map(|dependency| {
                let thread = builder()
                    .stack_size(256 * 1024)
                    .spawn_scoped(scope, move || report(dependency));
                (dependency, thread)
            })
            .collect();
        probed
            .into_iter()
            .map(|(dependency, thread)| {
                let done = thread.ok().and_then(|thread| thread.join().ok());
                done.unwrap_or_else(|| report(dependency))
            })
            .collect()
    })
}

/// The services that are meant when none is named: the known services of the scan
/// directory; if it has none, all services.
#[must_use]
pub fn default_names(config: &Config, directory: &Path) -> Vec<Name> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<Name> = entries
        .filter_map(|entry| config.find(&entry.file_name().to_string_lossy()))
        .collect();
    if names.is_empty() {
        let services = config.services.keys();
        names = services.filter_map(|name| config.find(name)).collect();
    }
    names.sort();
    names.dedup();
    names
}

/// The dependencies that `names` name. What can't be probed is left out: a service without
/// a probe, and one that has instances of which none is named.
///
/// # Errors
/// As [`Dependency::new`].
pub fn dependencies<'a>(
    config: &Config,
    context: &Context,
    directory: &Path,
    names: impl Iterator<Item = &'a str>,
) -> Result<Vec<Dependency>, Error> {
    names
        .filter(|name| {
            let Some(name) = config.find(name) else {
                return true;
            };
            let service = &config.services[&name.service];
            service.probe.is_some() && (name.instance.is_some() || !service.instances)
        })
        .map(|name| Dependency::new(config, context, directory, name))
        .collect()
}
