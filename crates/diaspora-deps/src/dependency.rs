//! Dependencies that can be probed: the protocol and the endpoint of a service, or the
//! directory whose supervise is asked.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::config::{Config, Kind};
use crate::context::Context;
use crate::error::Error;
use crate::name::Name;
use crate::net::{Endpoint, Outcome};
use crate::supervised;

mod server;

use server::{Place, Server};

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
        let own_directory = || supervised::directory(config, &name, directory);
        let method = match &probe.kind {
            Kind::Service { directory: named } => Method::Supervise(match named {
                Some(path) => directory.join(context.expand_path(path)?),
                None => own_directory().unwrap_or_else(|| directory.join(name.to_string())),
            }),
            kind => {
                let place = Place {
                    config,
                    context: &context,
                    directory,
                    name: &name,
                };
                let server = Server::new(kind, &place)?;
                Method::Server(server, probe.is_built_in.then(own_directory).flatten())
            }
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
            Method::Server(server, _) => Some(server.endpoint()),
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
