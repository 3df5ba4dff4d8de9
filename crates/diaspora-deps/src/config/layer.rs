//! One `services.toml` laid over the others, field by field: an operator who changes a
//! port need not repeat the rest. Pure; a mistake has the file and line where it stands.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::kind;
use super::own::Own;
use super::probe::Probe;
use super::service::{Directory, LogFile, Need, Service, Unless};
use super::setting::Setting;
use super::written::{Entries, Written};
use crate::error::{Error, Location, Mistake};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    settings: BTreeMap<Spanned<String>, Setting>,
    #[serde(default)]
    service: BTreeMap<Spanned<String>, Entry>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    needs: Option<Vec<Spanned<String>>>,
    aliases: Option<Vec<String>>,
    instances: Option<bool>,
    probe: Option<Spanned<Entries>>,
    source_settings: Option<bool>,
    attempts: Option<u64>,
    directory: Option<String>,
    directories: Option<Vec<Directory>>,
    log: Option<LogFile>,
    exec: Option<Spanned<Vec<String>>>,
    unless: Option<Unless>,
    user: Option<String>,
    group: Option<String>,
    env: Option<BTreeMap<String, String>>,
    settings: Option<BTreeMap<String, String>>,
    own: Option<Own>,
}

/// Lays a file over `services` and `settings`.
///
/// # Errors
/// The first mistake in the file.
pub(super) fn add(
    file: &str,
    text: &str,
    services: &mut BTreeMap<String, Service>,
    settings: &mut BTreeMap<String, Setting>,
) -> Result<(), Error> {
    let source = Source { file, text };
    let parsed: File = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        source.mistake(at, Mistake::toml(error.message()))
    })?;
    for (name, value) in parsed.settings {
        let at = name.span().start;
        let name = name.into_inner();
        if !is_variable(&name) {
            return Err(source.mistake(at, Mistake::SettingName(name)));
        }
        // A default for one service in an earlier file does not hide that of this one.
        for service in services.values_mut() {
            service.settings.remove(&name);
        }
        settings.insert(name, value);
    }
    for (name, entry) in parsed.service {
        let at = name.span().start;
        let name = name.into_inner();
        if name.is_empty() || name.contains(['/', '\0']) || name.starts_with('.') {
            return Err(source.mistake(at, Mistake::ServiceName(name)));
        }
        let service = services.entry(name.clone()).or_insert_with(|| Service {
            name,
            ..Service::default()
        });
        service.location = source.location(at);
        service.lay_over(entry, source)?;
    }
    Ok(())
}

/// The file that is laid over the others.
#[derive(Clone, Copy)]
struct Source<'a> {
    file: &'a str,
    text: &'a str,
}

impl Source<'_> {
    /// The line of a byte offset.
    fn location(self, at: usize) -> Location {
        Location::of_byte(self.file, self.text, at)
    }

    fn mistake(self, at: usize, mistake: Mistake) -> Error {
        Error::Mistake {
            location: self.location(at),
            mistake,
        }
    }
}

impl Service {
    fn lay_over(&mut self, entry: Entry, source: Source) -> Result<(), Error> {
        fn set<T>(field: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *field = value;
            }
        }
        let needs = entry.needs.map(|needs| {
            let need = |need: Spanned<String>| Need {
                location: source.location(need.span().start),
                name: need.into_inner(),
            };
            needs.into_iter().map(need).collect()
        });
        set(&mut self.needs, needs);
        set(&mut self.aliases, entry.aliases);
        set(&mut self.instances, entry.instances);
        set(&mut self.source_settings, entry.source_settings);
        set(&mut self.directories, entry.directories);
        set(&mut self.env, entry.env);
        self.settings.extend(entry.settings.unwrap_or_default());
        set(&mut self.own, entry.own);
        set(&mut self.attempts, entry.attempts.map(Some));
        set(&mut self.directory, entry.directory.map(Some));
        set(&mut self.log, entry.log.map(Some));
        set(&mut self.user, entry.user.map(Some));
        set(&mut self.group, entry.group.map(Some));
        if let Some(exec) = entry.exec {
            if exec.get_ref().first().is_none_or(String::is_empty) {
                return Err(source.mistake(exec.span().start, Mistake::EmptyExec));
            }
            self.exec = exec.into_inner();
            // These arguments were for the program that is replaced.
            self.unless = None;
        }
        set(&mut self.unless, entry.unless.map(Some));
        if let Some(probe) = entry.probe {
            let at = probe.span().start;
            let old = self
                .probe
                .take()
                .map_or_else(Written::default, |probe| probe.written);
            let written = old.lay_over(probe.into_inner(), at, |at| source.location(at));
            let kind = kind::read(&written)
                .map_err(|(location, mistake)| Error::Mistake { location, mistake })?;
            self.probe = Some(Probe {
                kind,
                is_built_in: false,
                written,
            });
        }
        Ok(())
    }
}

/// Whether a text can be the name of a shell variable.
fn is_variable(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
