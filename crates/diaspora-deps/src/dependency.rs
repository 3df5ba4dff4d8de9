//! Dependencies that can be probed: the protocol and the endpoint of a service.

use std::path::Path;

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
use crate::supervised::Processes;

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
            alive: Processes::new(config, &name.service, directory),
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
