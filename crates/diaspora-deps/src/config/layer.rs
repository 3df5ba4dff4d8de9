//! One `services.toml` laid over the others, field by field: an operator who changes a
//! port need not repeat the rest. Pure; a mistake has the file and line where it stands.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use super::kind;
use super::known::Config;
use super::own::Own;
use super::probe::Probe;
use super::service::{Alias, Directory, LogFile, Need, Service, Unless};
use super::setting::{Key, Newest, Setting};
use super::table::{self, Field, Placed, Source, Table};
use super::written::Written;
use crate::error::{Error, Mistake};

/// Lays a file over `config`.
///
/// # Errors
/// The first mistake in the file.
pub(super) fn add(file: &str, text: &str, config: &mut Config) -> Result<(), Error> {
    let services = &mut config.services;
    let source = Source { file, text };
    let parsed = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        source.mistake(at, Mistake::toml(error.message()))
    })?;
    let mut file = Table::new(source, "the file".to_owned(), 0, parsed.get_ref());
    let new_settings = file.fields_of("settings")?;
    let new_services = file.fields_of("service")?;
    file.end()?;
    for field in new_settings {
        let name = field.0.get_ref().to_string();
        if !is_variable(&name) {
            let at = field.0.span().start;
            return Err(source.mistake(at, Mistake::SettingName(name)));
        }
        // A default for one service in an earlier file does not hide that of this one.
        for service in services.values_mut() {
            service.settings.remove(&name);
        }
        let setting = setting(source, field)?;
        if config.settings.insert(name.clone(), setting).is_none() {
            let location = source.location(field.0.span().start);
            config.own_settings.insert(name, location);
        }
    }
    for (key, _) in &new_services {
        free_name(services, key.get_ref());
    }
    for field in new_services {
        let name = field.0.get_ref().to_string();
        if !is_name(&name) {
            let at = field.0.span().start;
            return Err(source.mistake(at, Mistake::ServiceName(name)));
        }
        let table = Table::of(source, format!("[service.{name}]"), field)?;
        let service = services.entry(name.clone()).or_insert_with(|| Service {
            name,
            ..Service::default()
        });
        service.location = table.location();
        lay_over(service, table, source)?;
    }
    Ok(())
}

/// Takes the alias `name` from the service that has it in an earlier file: it is the name of
/// a service now. The services of that file need what they needed.
fn free_name(services: &mut BTreeMap<String, Service>, name: &str) {
    let is_it = |alias: &Alias| alias.name == name;
    let mut all = services.values_mut();
    let Some(service) = all.find(|service| service.aliases.iter().any(is_it)) else {
        return;
    };
    service.aliases.retain(|alias| !is_it(alias));
    let owner = service.name.clone();
    let needs = services.values_mut().flat_map(|service| &mut service.needs);
    for need in needs.filter(|need| need.name == name) {
        need.name.clone_from(&owner);
    }
}

fn setting(source: Source, field: Field) -> Result<Setting, Error> {
    if let Some(text) = table::text(field.1.get_ref()) {
        return Ok(Setting::Text(text));
    }
    let (key, value) = field;
    let Some(fields) = value.get_ref().as_table() else {
        return Err(table::wrong(
            source,
            key.span().start,
            key.get_ref(),
            "a text",
        ));
    };
    let mut table = Table::of(source, key.get_ref().to_string(), field)?;
    let setting = if fields.contains_key("newest") {
        Setting::Newest(Newest {
            newest: table.needed_text("newest")?,
            with: names(table.texts("with")?.unwrap_or_default()),
        })
    } else {
        Setting::Key(Key {
            file: table.needed_text("file")?,
            keys: names(table.needed_texts("keys")?),
            default: table.needed_text("default")?,
            location: table.location(),
        })
    };
    table.end()?;
    Ok(setting)
}

fn lay_over(service: &mut Service, mut table: Table, source: Source) -> Result<(), Error> {
    fn set<T>(field: &mut T, value: Option<T>) {
        if let Some(value) = value {
            *field = value;
        }
    }
    let needs = table.texts("needs")?.map(|needs| {
        let need = |(name, location)| Need { name, location };
        needs.into_iter().map(need).collect()
    });
    set(&mut service.needs, needs);
    let aliases = table.texts("aliases")?.map(|aliases| {
        let alias = |(name, location)| Alias { name, location };
        aliases.into_iter().map(alias).collect()
    });
    set(&mut service.aliases, aliases);
    set(&mut service.instances, table.flag("instances")?);
    set(&mut service.source_settings, table.flag("source-settings")?);
    set(&mut service.attempts, table.number("attempts")?.map(Some));
    set(&mut service.directory, table.text("directory")?.map(Some));
    if let Some(tables) = table.tables("directories")? {
        let directories = tables.into_iter().map(directory);
        service.directories = directories.collect::<Result<_, _>>()?;
    }
    set(
        &mut service.log,
        table.table("log")?.map(log).transpose()?.map(Some),
    );
    if let Some(words) = table.texts("exec")? {
        let words = names(words);
        if words.first().is_none_or(String::is_empty) {
            let location = table.location_of("exec");
            let mistake = Mistake::EmptyExec;
            return Err(Error::Mistake { location, mistake });
        }
        service.exec = words;
        // These arguments were for the program that is replaced.
        service.unless = None;
    }
    set(
        &mut service.unless,
        table.table("unless")?.map(unless).transpose()?.map(Some),
    );
    set(&mut service.user, table.text("user")?.map(Some));
    set(&mut service.group, table.text("group")?.map(Some));
    if let Some(variables) = table.named_texts("env")? {
        service.env = BTreeMap::new();
        for ((name, location), value) in variables {
            if name.is_empty() || name.contains(['=', '\0']) {
                let mistake = Mistake::VariableName(name);
                return Err(Error::Mistake { location, mistake });
            }
            service.env.insert(name, value);
        }
    }
    for ((name, location), value) in table.named_texts("settings")?.unwrap_or_default() {
        if !is_variable(&name) {
            let mistake = Mistake::SettingName(name);
            return Err(Error::Mistake { location, mistake });
        }
        service.settings.insert(name, value);
    }
    if let Some((key, value)) = table.field("own") {
        let wanted = "true, false, or a list of the services beside which it is Diaspora's own";
        let own = match value.get_ref() {
            DeValue::Boolean(own) => Some(Own::Always(*own)),
            DeValue::Array(list) => table::texts(list).map(Own::Beside),
            _ => None,
        };
        let own = own.ok_or_else(|| table::wrong(source, key.span().start, "own", wanted))?;
        service.own = own;
    }
    if let Some(fields) = table.table("probe")? {
        let old = service.probe.take();
        let old = old.map_or_else(Written::default, |probe| probe.written);
        let written = old.lay_over(fields.location(), fields.values());
        let (kind, rhythm) = kind::read(&written)
            .map_err(|(location, mistake)| Error::Mistake { location, mistake })?;
        service.probe = Some(Probe {
            kind,
            rhythm,
            is_built_in: false,
            written,
        });
    }
    table.end()
}

fn directory(mut table: Table) -> Result<Directory, Error> {
    let directory = Directory {
        path: table.needed_text("path")?,
        user: table.text("user")?,
        group: table.text("group")?,
        mode: table.text("mode")?,
    };
    table.end()?;
    Ok(directory)
}

fn log(mut table: Table) -> Result<LogFile, Error> {
    let log = LogFile {
        file: table.needed_text("file")?,
        user: table.text("user")?,
        group: table.text("group")?,
        mode: table.text("mode")?,
    };
    table.end()?;
    Ok(log)
}

fn unless(mut table: Table) -> Result<Unless, Error> {
    let unless = Unless {
        file: table.needed_text("file")?,
        line: table.needed_text("line")?,
        args: names(table.needed_texts("args")?),
    };
    table.end()?;
    Ok(unless)
}

fn names(placed: Vec<Placed>) -> Vec<String> {
    placed.into_iter().map(|(name, _)| name).collect()
}

/// Whether a text can be the name of a service: that of a directory.
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(['/', '\0']) && !name.starts_with('.')
}

/// Whether a text can be the name of a shell variable.
fn is_variable(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
