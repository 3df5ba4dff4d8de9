//! One `services.toml`, as text, laid over what there is, field by field: an operator
//! who changes a port need not repeat the rest. Pure; what is wrong is said with the
//! file and line where it stands.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::{Data, Kind, LogFile, Mistake, Need, Owned, Probe, Service, Unless};
use crate::net::Endpoint;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    settings: BTreeMap<Spanned<String>, String>,
    #[serde(default)]
    service: BTreeMap<Spanned<String>, Entry>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    needs: Option<Vec<Spanned<String>>>,
    aliases: Option<Vec<String>>,
    instances: Option<bool>,
    probe: Option<Spanned<ProbeEntry>>,
    source_settings: Option<bool>,
    attempts: Option<u64>,
    directory: Option<String>,
    directories: Option<Vec<Owned>>,
    log: Option<LogFile>,
    exec: Option<Spanned<Vec<String>>>,
    unless: Option<Unless>,
    user: Option<String>,
    group: Option<String>,
    env: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ProbeEntry {
    kind: Option<Kind>,
    address: Option<String>,
    strict: Option<bool>,
    modern: Option<bool>,
    password_file: Option<String>,
    user: Option<String>,
    database: Option<String>,
    key: Option<String>,
}

impl Data {
    /// Lays one file over what there is.
    pub(super) fn add(&mut self, file: &str, text: &str) -> Result<(), Mistake> {
        let place = |at: usize| format!("{file}:{}", line_of(text, at));
        let parsed: File = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            format!("{}: {}", place(at), one_line(error.message()))
        })?;
        for (name, value) in parsed.settings {
            if !is_variable(name.get_ref()) {
                return Err(format!(
                    "{}: \"{}\" is no name of a setting: use letters, digits and _",
                    place(name.span().start),
                    name.get_ref()
                ));
            }
            self.settings.insert(name.into_inner(), value);
        }
        for (name, entry) in parsed.service {
            let at = place(name.span().start);
            let name = name.into_inner();
            if name.is_empty() || name.contains(['/', '\0']) || name.starts_with('.') {
                return Err(format!("{at}: \"{name}\" can't be the name of a service"));
            }
            let service = self
                .services
                .entry(name.clone())
                .or_insert_with(|| Service {
                    name: name.clone(),
                    ..Service::default()
                });
            service.place.clone_from(&at);
            service.lay_over(entry, &place)?;
        }
        Ok(())
    }
}

impl Service {
    fn lay_over(&mut self, entry: Entry, place: &dyn Fn(usize) -> String) -> Result<(), Mistake> {
        fn set<T>(field: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *field = value;
            }
        }
        let needs = entry.needs.map(|needs| {
            let need = |need: Spanned<String>| Need {
                place: place(need.span().start),
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
        set(&mut self.attempts, entry.attempts.map(Some));
        set(&mut self.directory, entry.directory.map(Some));
        set(&mut self.log, entry.log.map(Some));
        set(&mut self.user, entry.user.map(Some));
        set(&mut self.group, entry.group.map(Some));
        if let Some(exec) = entry.exec {
            if exec.get_ref().first().is_none_or(String::is_empty) {
                return Err(format!(
                    "{}: exec is empty: write exec = [\"program\", \"argument\"]",
                    place(exec.span().start)
                ));
            }
            self.exec = exec.into_inner();
            // They belonged to the other program.
            self.unless = None;
        }
        set(&mut self.unless, entry.unless.map(Some));
        if let Some(probe) = entry.probe {
            let at = place(probe.span().start);
            self.probe = Some(Probe::lay_over(self.probe.take(), probe.into_inner(), &at)?);
        }
        Ok(())
    }
}

impl Probe {
    fn lay_over(old: Option<Self>, entry: ProbeEntry, at: &str) -> Result<Self, Mistake> {
        let missing = |what: &str| format!("{at}: the probe has no {what}");
        let mut probe = match (old, entry.kind) {
            (Some(old), _) => old,
            (None, None) => return Err(missing("kind: write kind = \"tcp\", say")),
            (None, Some(kind)) => Self {
                kind,
                address: String::new(),
                strict: false,
                modern: false,
                password_file: None,
                user: "postgres".to_owned(),
                database: "postgres".to_owned(),
                key: "resque:workers".to_owned(),
            },
        };
        probe.kind = entry.kind.unwrap_or(probe.kind);
        probe.address = entry.address.unwrap_or(probe.address);
        probe.strict = entry.strict.unwrap_or(probe.strict);
        probe.modern = entry.modern.unwrap_or(probe.modern);
        probe.password_file = entry.password_file.or(probe.password_file);
        probe.user = entry.user.unwrap_or(probe.user);
        probe.database = entry.database.unwrap_or(probe.database);
        probe.key = entry.key.unwrap_or(probe.key);
        if probe.address.is_empty() {
            return Err(missing("address: write address = \"localhost:1234\", say"));
        }
        match Endpoint::parse(&probe.address) {
            Ok(Endpoint::Tcp(..)) if probe.kind == Kind::Unix => Err(format!(
                "{at}: a unix probe wants the path of a socket as its address"
            )),
            // With a setting in it, it may become one.
            Err(why) if !probe.address.contains("${") => Err(format!("{at}: {why}")),
            _ => Ok(probe),
        }
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

fn line_of(text: &str, at: usize) -> usize {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    1 + before.iter().filter(|&&byte| byte == b'\n').count()
}

fn one_line(text: &str) -> String {
    text.lines().collect::<Vec<_>>().join(", ")
}
