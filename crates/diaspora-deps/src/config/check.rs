//! What only the whole of all files shows: names that mean two services, needs that can't
//! be probed, cycles, texts with unknown settings, fields without effect. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::known::Config;
use super::own::Own;
use super::probe::Kind;
use super::service::{Need, Service};
use super::setting::Setting;
use crate::error::{Error, Location, Mistake};
use crate::similar::similar;
use crate::variables::{self, Part};

/// Checks a configuration.
///
/// # Errors
/// The first mistake.
pub(super) fn check(config: &Config) -> Result<(), Error> {
    let located = |(location, mistake)| Error::Mistake { location, mistake };
    aliases(config).map_err(located)?;
    for service in config.services.values() {
        for need in &service.needs {
            if let Some(mistake) = needed(config, service, need) {
                return Err(located((need.location.clone(), mistake)));
            }
        }
        without_effect(service).map_err(located)?;
        neighbours(config, service).map_err(located)?;
        texts(config, service).map_err(located)?;
    }
    found_settings(config)?;
    unused_settings(config).map_err(located)?;
    cycles(config).map_err(located)
}

type Located = (Location, Mistake);

fn aliases(config: &Config) -> Result<(), Located> {
    let services = config.services.values();
    let mut names: BTreeMap<&str, (&str, &Location)> = services
        .map(|service| (&*service.name, (&*service.name, &service.location)))
        .collect();
    for service in config.services.values() {
        for alias in &service.aliases {
            if let Some((other, place)) =
                names.insert(&alias.name, (&service.name, &alias.location))
            {
                let mistake = Mistake::NameOfTwo {
                    alias: alias.name.clone(),
                    other: other.to_owned(),
                    place: place.clone(),
                };
                return Err((alias.location.clone(), mistake));
            }
        }
    }
    Ok(())
}

fn needed(config: &Config, service: &Service, need: &Need) -> Option<Mistake> {
    let service = service.name.clone();
    let Some(name) = config.find(&need.name) else {
        return Some(Mistake::UnknownNeed {
            service,
            need: need.name.clone(),
            suggestion: config.suggest(&need.name),
        });
    };
    let needed = &config.services[&name.service];
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

/// The services beside which one is Diaspora's own.
fn neighbours(config: &Config, service: &Service) -> Result<(), Located> {
    let Own::Beside(neighbours) = &service.own else {
        return Ok(());
    };
    let unknown = |name: &&String| !config.services.contains_key(*name);
    neighbours.iter().find(unknown).map_or(Ok(()), |name| {
        let mistake = Mistake::UnknownNeighbour {
            service: service.name.clone(),
            neighbour: name.clone(),
            suggestion: config.suggest(name),
        };
        Err((service.location.clone(), mistake))
    })
}

/// A field that nothing reads.
fn without_effect(service: &Service) -> Result<(), Located> {
    let is_redis = |kind: &Kind| matches!(kind, Kind::Redis(_));
    let probes_redis = service
        .probe
        .as_ref()
        .is_some_and(|probe| is_redis(&probe.kind));
    let of_a_program = [
        // A password is given only to a redis of this user.
        ("user", service.user.is_some() && !probes_redis),
        ("group", service.group.is_some()),
        ("env", !service.env.is_empty()),
        ("unless", service.unless.is_some()),
        ("log", service.log.is_some()),
        ("directories", !service.directories.is_empty()),
        ("attempts", service.attempts.is_some()),
        ("source-settings", service.source_settings),
        // A probe's socket may be relative to it.
        (
            "directory",
            service.directory.is_some() && service.probe.is_none(),
        ),
    ];
    let (field, wanted) = if service.exec.is_empty() {
        let mut fields = of_a_program.iter().filter(|(_, is_set)| *is_set);
        match fields.next() {
            Some((field, _)) => (*field, "exec"),
            None => return Ok(()),
        }
    } else if service.group.is_some() && service.user.is_none() {
        ("group", "user")
    } else if service.attempts.is_some() && service.needs.is_empty() {
        ("attempts", "needs")
    } else {
        return Ok(());
    };
    let mistake = Mistake::WithoutEffect {
        service: service.name.clone(),
        field,
        wanted,
    };
    Err((service.location.clone(), mistake))
}

/// The variables of a service's texts.
fn texts(config: &Config, service: &Service) -> Result<(), Located> {
    let check = |(location, text): (&Location, &str)| {
        let mistake = variables_of(text, |name| match name {
            "INSTANCE" if service.instances => None,
            "INSTANCE" => Some(Mistake::NoInstances(service.name.clone())),
            name if service.settings.contains_key(name) => None,
            name => unknown_setting(config, name),
        });
        mistake.map_or(Ok(()), |mistake| Err((location.clone(), mistake)))
    };
    texts_of(service).try_for_each(check)
}

/// The texts of a service that may hold variables.
fn texts_of(service: &Service) -> impl Iterator<Item = (&Location, &str)> {
    let log = service.log.iter().flat_map(|log| {
        let owner = log.user.iter().chain(&log.group);
        std::iter::once(&log.file).chain(owner)
    });
    let directories = service.directories.iter().flat_map(|directory| {
        let owner = directory.user.iter().chain(&directory.group);
        std::iter::once(&directory.path).chain(owner)
    });
    let unless = service.unless.iter().flat_map(|unless| {
        let texts = [&unless.file, &unless.line];
        texts.into_iter().chain(&unless.args)
    });
    let others = service.directory.iter().chain(&service.user);
    let others = others.chain(&service.group).chain(service.env.values());
    let texts = service.exec.iter().chain(others);
    let texts = texts.chain(log).chain(directories).chain(unless);
    let texts = texts.map(|text| (&service.location, text.as_str()));
    let probe = service.probe.iter().flat_map(|probe| probe.written.texts());
    texts.chain(probe)
}

/// The first mistake in the variables of a text.
fn variables_of(text: &str, mistake: impl Fn(&str) -> Option<Mistake>) -> Option<Mistake> {
    let Some(parts) = variables::parts(text) else {
        return Some(Mistake::OpenVariable(text.to_owned()));
    };
    parts.into_iter().find_map(|part| match part {
        Part::Text(_) => None,
        Part::Variable(name) => mistake(name),
    })
}

fn unknown_setting(config: &Config, name: &str) -> Option<Mistake> {
    if config.settings.contains_key(name) {
        return None;
    }
    Some(Mistake::UnknownSetting {
        name: name.to_owned(),
        similar: similar(config.settings.keys(), name).cloned(),
    })
}

/// A setting that is found by others: these must be texts, so that no circle is made.
fn found_settings(config: &Config) -> Result<(), Error> {
    for setting in config.settings.values() {
        let Setting::Key(key) = setting else {
            continue;
        };
        let mistake = |name: &str| match config.settings.get(name) {
            Some(Setting::Text(_)) => None,
            Some(_) => Some(Mistake::FoundByFound(name.to_owned())),
            None => unknown_setting(config, name),
        };
        let mut texts = std::iter::once(&key.file).chain(&key.keys);
        if let Some(mistake) = texts.find_map(|text| variables_of(text, mistake)) {
            let location = key.location.clone();
            return Err(Error::Mistake { location, mistake });
        }
    }
    Ok(())
}

/// A setting of the operator's that no text holds: its name may be a slip.
fn unused_settings(config: &Config) -> Result<(), Located> {
    let texts = config
        .services
        .values()
        .flat_map(texts_of)
        .map(|(_, text)| text);
    let keys = config
        .settings
        .values()
        .filter_map(|setting| match setting {
            Setting::Key(key) => Some(std::iter::once(&key.file).chain(&key.keys)),
            _ => None,
        });
    let texts = texts.chain(keys.flatten().map(String::as_str));
    let used: BTreeSet<&str> = texts
        .filter_map(variables::parts)
        .flatten()
        .filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Variable(name) => Some(name),
        })
        .collect();
    let mut own = config.own_settings.iter();
    match own.find(|(name, _)| !used.contains(name.as_str())) {
        None => Ok(()),
        Some((name, location)) => {
            let others = config.settings.keys().filter(|other| *other != name);
            let mistake = Mistake::UnusedSetting {
                name: name.clone(),
                similar: similar(others, name).cloned(),
            };
            Err((location.clone(), mistake))
        }
    }
}

/// Services that need each other.
fn cycles(config: &Config) -> Result<(), Located> {
    let mut checked = BTreeSet::new();
    for name in config.services.keys() {
        cycle(config, name, &mut Vec::new(), &mut checked)?;
    }
    Ok(())
}

/// Follows the needs of a service; `path` is the way to it.
fn cycle<'a>(
    config: &'a Config,
    name: &'a str,
    path: &mut Vec<(&'a str, &'a Location)>,
    checked: &mut BTreeSet<&'a str>,
) -> Result<(), Located> {
    if checked.contains(name) {
        return Ok(());
    }
    let Some((name, service)) = config.services.get_key_value(name) else {
        return Ok(());
    };
    for need in &service.needs {
        let Some(needed) = config.find(&need.name) else {
            continue;
        };
        path.push((name, &need.location));
        if let Some(start) = path.iter().position(|(name, _)| *name == needed.service) {
            let cycle = path[start..].iter();
            let mistake = Mistake::Cycle {
                needs: cycle
                    .map(|(name, place)| ((*name).to_owned(), (*place).clone()))
                    .collect(),
            };
            return Err((need.location.clone(), mistake));
        }
        if let Some((needed, _)) = config.services.get_key_value(&needed.service) {
            cycle(config, needed, path, checked)?;
        }
        path.pop();
    }
    checked.insert(name);
    Ok(())
}
