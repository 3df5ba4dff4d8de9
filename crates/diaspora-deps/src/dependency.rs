//! Dependencies that can be probed: the protocol and the endpoint of a service, or the
//! directory whose supervise is asked.

use std::path::{Path, PathBuf};
use std::time::Instant;

use daemontools::unix::account;

use crate::config::{Config, Kind, Probe};
use crate::context::Context;
use crate::error::{Error, FileError};
use crate::name::Name;
use crate::net::{self, Endpoint, Limits, Outcome};
use crate::probe::{
    Accepts, Dialect, Http, Mongo, Postgres, Protocol, Redis, Smtp, Websocket, Worker,
};
use crate::read;
use crate::supervised::{self, Processes};

/// A dependency that can be probed.
pub struct Dependency {
    /// The name as it was given: messages repeat it.
    pub label: String,
    /// The service and instance.
    pub name: Name,
    method: Method,
}

/// How to see that a dependency is ready.
enum Method {
    /// The supervise of this service directory is asked.
    Supervise(PathBuf),
    /// A server is probed; unless the supervise of the directory, if there is one, can tell
    /// readiness.
    Server(Server, Option<PathBuf>),
}

/// A server that can be probed.
struct Server {
    endpoint: Endpoint,
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
            return Err(config.unknown(&label));
        };
        let service = &config.services[&name.service];
        let Some(probe) = &service.probe else {
            return Err(Error::NoProbe(label));
        };
        if service.instances && name.instance.is_none() {
            return Err(Error::NoInstance(label));
        }
        let context = context.of(&name);
        let method = match protocol(probe, &context, config, &name, directory)? {
            Some(protocol) => {
                let address = context.expand(&probe.address)?;
                let endpoint = Endpoint::parse(&String::from_utf8_lossy(&address))?;
                let supervised = probe
                    .is_built_in
                    .then(|| supervised::directory(config, &name, directory));
                Method::Server(Server { endpoint, protocol }, supervised.flatten())
            }
            None => Method::Supervise(match &probe.directory {
                Some(path) => directory.join(context.expand_path(path)?),
                None => supervised::directory(config, &name, directory)
                    .unwrap_or_else(|| directory.join(name.to_string())),
            }),
        };
        Ok(Self {
            label,
            name,
            method,
        })
    }

    /// Probes it once.
    #[must_use]
    pub fn probe(&self) -> Outcome {
        let start = Instant::now();
        // It costs the service nothing to ask its supervise.
        let outcome = |directory: &Path, readiness| Outcome {
            readiness,
            absent: true,
            address: directory.display().to_string(),
            took: start.elapsed(),
        };
        match &self.method {
            Method::Supervise(directory) => outcome(directory, supervised::readiness(directory)),
            Method::Server(server, directory) => directory
                .as_deref()
                .and_then(|path| Some(outcome(path, supervised::told_readiness(path)?)))
                .unwrap_or_else(|| server.probe()),
        }
    }

    /// The address of its server, unless its supervise is asked.
    #[must_use]
    pub const fn endpoint(&self) -> Option<&Endpoint> {
        match &self.method {
            Method::Supervise(_) => None,
            Method::Server(server, _) => Some(&server.endpoint),
        }
    }

    /// Probes its server once, whatever its supervise tells.
    #[must_use]
    pub fn probe_server(&self) -> Option<Outcome> {
        match &self.method {
            Method::Supervise(_) => None,
            Method::Server(server, _) => Some(server.probe()),
        }
    }
}

impl Server {
    fn probe(&self) -> Outcome {
        net::probe(&self.endpoint, &*self.protocol, Limits::default())
    }
}

/// The protocol of a server; `None` for a probe that asks supervise.
fn protocol(
    probe: &Probe,
    context: &Context,
    config: &Config,
    name: &Name,
    directory: &Path,
) -> Result<Option<Box<dyn Protocol + Send + Sync>>, Error> {
    Ok(Some(match probe.kind {
        Kind::Service => return Ok(None),
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
            alive: Processes::new(config, &name.service, directory),
        }),
    }))
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
