//! The service directories that a form of `diaspora_svc` means, and what each needs.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use daemontools::servicedir::status::Want;
use daemontools::strerr::Reporter;

use super::order::{Member, Order, needs_of};
use crate::config::{Config, Kind, Own};
use crate::lint::script;
use crate::name::{self, Name};
use crate::{read, supervised};

/// The messages of `diaspora_svc`.
pub(super) static ME: Reporter = Reporter::new("diaspora_svc");

/// A service directory.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) path: PathBuf,
    /// What `services.toml` knows it as, and what it needs.
    pub(super) member: Member,
    /// Whether its probe speaks to postgres.
    pub(super) is_postgres: bool,
}

impl Service {
    fn new(config: &Config, path: PathBuf) -> Self {
        let run = read::regular(&path.join("run")).unwrap_or_default();
        let run = String::from_utf8_lossy(&run);
        let directory = path.file_name().unwrap_or(path.as_os_str());
        let member = member(config, &directory.to_string_lossy(), &run);
        let service = member.name.as_ref();
        let service = service.and_then(|name| config.services.get(&name.service));
        let kind = service.and_then(|service| Some(&service.probe.as_ref()?.kind));
        Self {
            path,
            member,
            is_postgres: matches!(kind, Some(Kind::Postgres { .. })),
        }
    }

    /// Whether it is down, or on its way, because somebody wanted that.
    pub(super) fn is_meant_to_be_down(&self) -> bool {
        let Some(status) = supervised::current_status(&self.path) else {
            return false;
        };
        match status.want {
            Want::Down => true,
            // It was to run once, and has; one that supervise has given up is to run.
            Want::Once => status.pid == 0 && !supervised::has_outcome(&self.path),
            Want::Up => false,
        }
    }

    /// Its name in messages: that of its directory.
    pub(super) fn label(&self) -> &[u8] {
        let name = self.path.file_name();
        name.unwrap_or(self.path.as_os_str()).as_bytes()
    }
}

/// The names of some services in a message.
pub(super) fn labels(services: &[Service], some: &[usize]) -> Vec<u8> {
    let labels: Vec<&[u8]> = some.iter().map(|&index| services[index].label()).collect();
    labels.join(&b", "[..])
}

/// The service that a directory with this run script is. It needs what `services.toml`
/// says, and what the script waits for.
fn member(config: &Config, directory: &str, run: &str) -> Member {
    let gated = script::gated(run).and_then(|name| config.find(&name));
    let name = config.find(directory).or(gated).map(|mut name| {
        if config.services[&name.service].instances && name.instance.is_none() {
            name.instance = name::instance_of(directory);
        }
        name
    });
    let needs = name.iter().flat_map(|name| needs_of(config, name));
    let waits_for = script::waits_for(run).into_iter();
    let waits_for = waits_for.filter_map(|name| config.find(&name));
    Member {
        needs: needs.chain(waits_for).collect(),
        name,
    }
}

/// The service directories of a scan directory, sorted: all, or those that are Diaspora's
/// own.
pub(super) fn services(config: &Config, directory: &Path, all: bool) -> io::Result<Vec<Service>> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(directory)?
        .flatten()
        .filter(|entry| !entry.file_name().as_bytes().starts_with(b"."))
        .map(|entry| entry.path())
        // One that may not be looked at is not left out in silence.
        .filter(|path| {
            path.metadata()
                .map_or_else(|error| may_be_directory(&error), |facts| facts.is_dir())
        })
        .collect();
    paths.sort();
    let services = paths.into_iter().map(|path| Service::new(config, path));
    let mut services: Vec<Service> = services.collect();
    if !all {
        let names: Vec<Option<Name>> = services
            .iter()
            .map(|service| service.member.name.clone())
            .collect();
        services.retain(|service| is_own(config, service.member.name.as_ref(), &names));
    }
    Ok(services)
}

fn may_be_directory(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied
}

/// Whether a service is Diaspora's own in a scan directory that has these.
fn is_own(config: &Config, name: Option<&Name>, all: &[Option<Name>]) -> bool {
    let has = |service: &str| {
        let mut names = all.iter().flatten();
        names.any(|name| name.service == service)
    };
    let service = name.and_then(|name| config.services.get(&name.service));
    service
        .map_or(&Own::Always(false), |service| &service.own)
        .holds(has)
}

/// The order of these services.
pub(super) fn order(config: &Config, services: &[Service]) -> Order {
    Order::new(config, services.iter().map(|service| &service.member))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config::load(Path::new("/nonexistent")).expect("built in")
    }

    fn own(directories: &[&'static str]) -> Vec<&'static str> {
        let config = config();
        let names: Vec<Option<Name>> = directories.iter().map(|name| config.find(name)).collect();
        let all = directories.iter().zip(&names);
        all.filter(|(_, name)| is_own(&config, name.as_ref(), &names))
            .map(|(directory, _)| *directory)
            .collect()
    }

    #[test]
    fn the_plain_forms_mean_what_is_diasporas_own() {
        let page = [
            "10mongo",
            "20nginx",
            "30redis",
            "80websocket",
            "90resque_worker",
            "99thin_0",
            "anything",
            "my-nginx-2",
            "smtp",
        ];
        let expected = ["30redis", "80websocket", "90resque_worker", "99thin_0"];
        assert_eq!(own(&page), expected);
        let modern = ["10postgres", "20nginx", "30redis", "90sidekiq", "99puma"];
        assert_eq!(own(&modern), ["90sidekiq", "99puma"]);
        assert_eq!(own(&["30redis", "99thin_0"]), ["30redis", "99thin_0"]);
        assert!(own(&["30redis"]).is_empty());
    }

    #[test]
    fn a_run_script_tells_what_its_directory_does_not() {
        let config = config();
        let find = |name: &str| config.find(name);
        let stray = member(
            &config,
            "95mailer",
            "#!/bin/sh\nwait_service -a 3 redis smtp\n",
        );
        assert_eq!(stray.name, None);
        let needs: Vec<Name> = ["redis", "smtp"].into_iter().filter_map(find).collect();
        assert_eq!(stray.needs, needs);
        let renamed = member(
            &config,
            "app_2",
            "#!/bin/sh\nexec diaspora-deps exec thin\n",
        );
        assert_eq!(renamed.name, find("thin_2"));
        assert_eq!(renamed.needs.len(), 4);
        let plain = member(&config, "99puma", "#!/bin/sh\nexec puma\n");
        assert_eq!(plain.needs.len(), 2);
        assert_eq!(member(&config, "x", ""), Member::default());
    }
}
