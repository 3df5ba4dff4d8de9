//! `lint`: examines service directories for what makes services fail. Each finding is a
//! line with the path, the fault and the fix.

use std::fs;
use std::path::Path;

use crate::config::Config;
use crate::context::Context;
use crate::error::Error;
use crate::name;
use crate::read;
use crate::settings::SettingsFile;

mod accounts;
mod configuration;
mod executable;
mod foreground;
mod needs;
mod policy;
mod program;
mod running;
pub(crate) mod script;
mod service;
mod shell;

use service::Services;

/// Examines all services of a scan directory; gives the findings.
///
/// # Errors
/// The directory can't be read, or the settings file can't be sourced.
pub fn lint(
    config: &Config,
    directory: &Path,
    settings: &SettingsFile,
) -> Result<Vec<String>, Error> {
    let context = Context::new(config, settings);
    // A fault of the file counts even if no service asks for a setting.
    context.settings()?;
    let entries = fs::read_dir(directory).map_err(|cause| Error::ReadDirectory {
        directory: directory.to_owned(),
        cause,
    })?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    let mut lint = Lint {
        config,
        directory,
        services: Services::new(config, context, settings.path(), directory),
        findings: Vec::new(),
    };
    for name in &names {
        lint.examine(name);
    }
    Ok(lint.findings)
}

struct Lint<'a> {
    config: &'a Config,
    directory: &'a Path,
    services: Services<'a>,
    findings: Vec<String>,
}

impl Lint<'_> {
    fn add(&mut self, path: &Path, faults: impl IntoIterator<Item = String>) {
        let path = path.display();
        let faults = faults.into_iter();
        self.findings
            .extend(faults.map(|fault| format!("{path}: {fault}")));
    }

    fn add_policy(&mut self, directory: &Path) {
        for (file, fault) in policy::faults(directory) {
            self.add(&file, [fault]);
        }
    }

    /// Examines one service directory.
    fn examine(&mut self, directory: &str) {
        let path = self.directory.join(directory);
        let run = path.join("run");
        self.add(&run, executable::faults(&run));
        self.add_policy(&path);
        let log = path.join("log");
        if log.is_dir() {
            let run = log.join("run");
            self.add(&run, executable::faults(&run));
            self.add_policy(&log);
        }
        let text = read::regular(&run).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        self.add(&run, foreground::faults_of_script(&text));
        let config = self.config;
        let unknown = |name: &String| config.find(name).is_none();
        let suggest = |verb: &str, name: &str| {
            format!(
                "{verb} \"{name}\", which is unknown: {}",
                config.suggest(name)
            )
        };
        let waits_for = script::waits_for(&text).into_iter();
        self.add(
            &run,
            waits_for
                .filter(unknown)
                .map(|name| suggest("waits for", &name)),
        );
        let gated = script::gated(&text);
        let gated_unknown = gated.clone().filter(unknown);
        self.add(&run, gated_unknown.map(|name| suggest("gates", &name)));
        let name = gated.as_deref().unwrap_or(directory);
        if let Some(mut name) = config.find(name) {
            let instances = config.services[&name.service].instances;
            if instances && name.instance.is_none() {
                name.instance = name::instance_of(directory);
            }
            let faults = if instances && name.instance.is_none() {
                vec![format!(
                    "its name has no instance: call it {directory}_0, say"
                )]
            } else {
                self.services
                    .examine(&path, directory, &name, gated.is_some())
            };
            self.add(&path, faults);
        } else {
            self.add(&path, running::crash_loop(&path, None));
        }
    }
}

#[cfg(test)]
mod tests;
