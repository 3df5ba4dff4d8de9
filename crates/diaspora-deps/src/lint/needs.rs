//! The needs of a gate that can't be met: a needed service without a supervise, or one that
//! is neither supervised here nor answers.

use std::path::Path;

use crate::config::Config;
use crate::context::Context;
use crate::dependency::Dependency;
use crate::name::Name;
use crate::probe::Readiness;
use crate::supervised;

/// The needs of the service `name`, whose directory is `path`, that can't be met.
pub(super) fn unmet(
    config: &Config,
    context: &Context,
    scan_directory: &Path,
    path: &Path,
    name: &Name,
) -> Vec<String> {
    // Before svscan runs, nothing has a supervise.
    let is_supervised = supervised::current_status(path).is_some();
    let needs = config.services[&name.service].needs.iter();
    let unmet = |need: &str| {
        let found = config.find(need)?;
        if let Some(directory) = supervised::directory(config, &found, scan_directory) {
            let without = is_supervised && supervised::current_status(&directory).is_none();
            return without.then(|| {
                let directory = directory.display();
                format!("its gate waits for {need}, and {directory} has no supervise: has it a run, and does svscan see it?")
            });
        }
        let dependency = Dependency::new(config, context, scan_directory, need).ok()?;
        let outcome = dependency.probe();
        let Readiness::Down(why) = outcome.readiness else {
            return None;
        };
        let (scan_directory, address) = (scan_directory.display(), outcome.address);
        Some(format!(
            "its gate waits for {need}, which is not in {scan_directory}, and {address} is down: {why}"
        ))
    };
    needs.filter_map(|need| unmet(&need.name)).collect()
}
