//! Dependencies that can be probed: the protocol and the endpoint of a service.

use std::path::{Path, PathBuf};

use daemontools::procfs;
use daemontools::servicedir;
use daemontools::servicedir::status::{self, Length, Status};
use daemontools::unix::account;

use crate::config::{Config, Kind, Probe};
use crate::context::Context;
use crate::error::{Error, FileError};
use crate::name::Name;
use crate::net::{self, Endpoint, Limits, Outcome};
use crate::probe::{
    Accepts, Alive, Dialect, Http, Mongo, Postgres, Protocol, Redis, Smtp, Websocket, Worker,
};
use crate::read;

/// A dependency that can be probed.
pub struct Dependency {
    /// The name as it was given: messages repeat it.
    pub label: String,
    /// The service and instance.
    pub name: Name,
    /// The address to probe.
    pub endpoint: Endpoint,
    protocol: Box<dyn Protocol + Send + Sync>,
}

impl Dependency {
    /// Finds the dependency that is called `label`. `directory` is the scan directory.
    ///
    /// # Errors
    /// It is unknown, has no probe or no instance, or a setting of its probe is missing.
    pub fn new(
        config: &Config,
        context: &Context,
        directory: &Path,
        label: &str,
    ) -> Result<Self, Error> {
        let label = label.to_owned();
        let Some(name) = config.find(&label) else {
            return Err(Error::Unknown(label));
        };
        let service = &config.services[&name.service];
        let Some(probe) = &service.probe else {
            return Err(Error::NoProbe(label));
        };
        if service.instances && name.instance.is_none() {
            return Err(Error::NoInstance(label));
        }
        let context = context.of(&name);
        let address = context.expand(&probe.address)?;
        let endpoint = Endpoint::parse(&String::from_utf8_lossy(&address))?;
        let protocol = protocol(probe, &context, config, &name, directory)?;
        Ok(Self {
            label,
            name,
            endpoint,
            protocol,
        })
    }

    /// Probes it once.
    #[must_use]
    pub fn probe(&self) -> Outcome {
        net::probe(&self.endpoint, &*self.protocol, Limits::default())
    }
}

fn protocol(
    probe: &Probe,
    context: &Context,
    config: &Config,
    name: &Name,
    directory: &Path,
) -> Result<Box<dyn Protocol + Send + Sync>, Error> {
    Ok(match probe.kind {
        Kind::Tcp | Kind::Unix => Box::new(Accepts),
        Kind::Redis => Box::new(Redis {
            password: password(probe, context)?,
            users: users(config.services[&name.service].user.as_deref(), context)?,
        }),
        Kind::Mongo => Box::new(Mongo {
            dialect: if probe.modern {
                Dialect::Modern
            } else {
                Dialect::Any
            },
        }),
        Kind::Http => Box::new(Http),
        Kind::Websocket => Box::new(Websocket {
            strict: probe.strict,
        }),
        Kind::Smtp => Box::new(Smtp),
        Kind::Postgres => Box::new(Postgres {
            user: probe.user.clone(),
            database: probe.database.clone(),
        }),
        Kind::Worker => Box::new(Worker {
            key: probe.key.clone(),
            host: host(),
            alive: Supervised(supervised(config, &name.service, directory)),
        }),
    })
}

/// The first line of the password file, if the probe names one.
fn password(probe: &Probe, context: &Context) -> Result<Option<Vec<u8>>, Error> {
    let Some(file) = &probe.password_file else {
        return Ok(None);
    };
    let file = context.expand_path(file)?;
    let bytes = read::regular(&file).map_err(|error| Error::Read {
        file,
        cause: FileError::System(error),
    })?;
    let line = bytes
        .split(|&byte| byte == b'\n')
        .next()
        .unwrap_or_default();
    Ok(Some(line.to_vec()))
}

/// The users that a service may run as: its own, and the one of this process.
fn users(user: Option<&str>, context: &Context) -> Result<Vec<u32>, Error> {
    let name = user.map(|user| context.expand_c(user)).transpose()?;
    let account = name.and_then(|name| account::find(&name));
    let own = account.map(|account| account.uid);
    Ok(own.into_iter().chain([account::own_user()]).collect())
}

/// The name of this host.
fn host() -> Vec<u8> {
    let name = std::fs::read("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim_ascii_end().to_vec()
}

/// The service directories of one service; none without a scan directory.
fn supervised(config: &Config, service: &str, directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .filter(|entry| {
            let name = config.find(&entry.file_name().to_string_lossy());
            name.is_some_and(|name| name.service == service)
        })
        .map(|entry| entry.path())
        .collect()
}

/// The status record of a service directory; `None` if there is none.
#[must_use]
pub fn status(directory: &Path) -> Option<Status> {
    let path = read::c_path_in(directory, servicedir::STATUS).ok()?;
    status::read(&path, Length::Exact).ok()
}

/// The processes that count as a worker: those of the supervised services if there are
/// any, else every process.
struct Supervised(Vec<PathBuf>);

impl Alive for Supervised {
    fn is_alive(&self, pid: u32) -> bool {
        if procfs::start_time(pid).is_none() {
            return false;
        }
        let mut records = self.0.iter().filter_map(|path| status(path)).peekable();
        records.peek().is_none() || records.any(|record| belongs(pid, record.pid))
    }
}

/// Whether `pid` is `root` or descends from it.
fn belongs(mut pid: u32, root: u32) -> bool {
    for _ in 0..16 {
        if pid == root {
            return root != 0;
        }
        match parent(pid) {
            Some(parent) if parent > 1 => pid = parent,
            _ => return false,
        }
    }
    false
}

fn parent(pid: u32) -> Option<u32> {
    procfs::process(pid).ok().map(|process| process.parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_the_supervised_process_or_its_child() {
        let me = std::process::id();
        assert!(belongs(me, me));
        assert!(parent(me).is_some_and(|parent| belongs(me, parent)));
        assert!(!belongs(me, 0));
        assert!(Supervised(Vec::new()).is_alive(me));
        assert!(!Supervised(Vec::new()).is_alive(u32::MAX));
    }
}
