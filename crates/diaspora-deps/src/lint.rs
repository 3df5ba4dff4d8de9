//! `lint`: looks over service directories for what makes services fail. Each finding
//! is a line with the path, the trouble and the fix.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::Failure;
use crate::context::{self, Context};
use crate::config::Config;
use crate::graph::Graph;
use crate::name::{self, Name};
use crate::read;

mod known;
mod owners;
mod script;

/// Looks over all of `directory`; gives what was found.
///
/// # Errors
/// Says that the directory can't be read, or the settings not settings.
pub fn look(config: &Config, directory: &Path, settings: &Path) -> Result<Vec<String>, Failure> {
    let settings = context::source(config, settings)?;
    let context = Context::new(config, settings.as_ref());
    let unreadable =
        |error| Failure::temporary(format!("unable to read {}: {error}", directory.display()));
    let mut names: Vec<String> = fs::read_dir(directory)
        .map_err(unreadable)?
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    let mut lint = Lint {
        config,
        context,
        directory,
        listens: BTreeMap::new(),
        gated: Vec::new(),
        findings: Vec::new(),
    };
    for name in &names {
        lint.service(name);
    }
    if let Err(cycle) = Graph::new(config, &lint.gated) {
        lint.findings.push(format!(
            "{}: {cycle}: none of these can ever start: take one need out of services.toml",
            directory.display()
        ));
    }
    Ok(lint.findings)
}

struct Lint<'a> {
    config: &'a Config,
    context: Context<'a>,
    directory: &'a Path,
    /// Address to the service directory that has it.
    listens: BTreeMap<String, String>,
    gated: Vec<Name>,
    findings: Vec<String>,
}

impl Lint<'_> {
    fn find(&mut self, path: &Path, trouble: &str) {
        self.findings.push(format!("{}: {trouble}", path.display()));
    }

    fn service(&mut self, directory: &str) {
        let place = self.directory.join(directory);
        let run = place.join("run");
        self.program(&run);
        if place.join("log").is_dir() {
            self.program(&place.join("log/run"));
        }
        let text = read::regular(&run).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        for trap in script::traps(&text) {
            self.find(&run, &trap);
        }
        for waited in script::waits_for(&text) {
            if self.config.find(&waited).is_none() {
                let hint = self.config.suggest(&waited);
                self.find(
                    &run,
                    &format!("waits for \"{waited}\", which is unknown: {hint}"),
                );
            }
        }
        let gated = script::gated(&text);
        if let Some(label) = &gated
            && self.config.find(label).is_none()
        {
            let hint = self.config.suggest(label);
            self.find(
                &run,
                &format!("gates \"{label}\", which is unknown: {hint}"),
            );
        }
        let known = gated.as_deref().unwrap_or(directory);
        if let Some(mut name) = self.config.find(known) {
            let service = &self.config.services[&name.service];
            if service.instances && name.instance.is_none() {
                name.instance = name::instance_of(directory);
            }
            if service.instances && name.instance.is_none() {
                self.find(
                    &place,
                    &format!("its name has no instance: call it {directory}_0, say"),
                );
            } else {
                self.known(&place, directory, &name, gated.is_some());
            }
        }
    }

    /// A file that supervise has to execute.
    fn program(&mut self, file: &Path) {
        let facts = match fs::metadata(file) {
            Err(_) => return self.find(file, "missing: write a run script"),
            Ok(facts) => facts,
        };
        if !facts.is_file() {
            return self.find(file, "is no file");
        }
        if facts.permissions().mode() & 0o111 == 0 {
            self.find(
                file,
                &format!("not executable: chmod a+x {}", file.display()),
            );
        }
        let text = read::regular(file).unwrap_or_default();
        match script::interpreter(&text) {
            script::Interpreter::Missing => {
                self.find(file, "does not begin with #!: the kernel won't run it");
            }
            script::Interpreter::Program(program) if !Path::new(&program).exists() => {
                self.find(file, &format!("its interpreter {program} does not exist"));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
