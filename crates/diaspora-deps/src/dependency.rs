//! Dependencies that can be probed, with every setting of their probes replaced by its
//! value.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::address::{self, Address};
use crate::config::{Config, Kind, Rhythm};
use crate::context::Context;
use crate::error::Error;
use crate::name::Name;
use crate::net::{Endpoint, Limits, Outcome};
use crate::supervised;

mod access;
mod file;
mod program;
mod server;
mod target;
mod web;

use server::Place;
use target::Target;

/// A dependency that can be probed.
pub struct Dependency {
    /// The name as it was given: messages repeat it.
    pub label: String,
    /// The service and instance.
    pub name: Name,
    /// How often a gate probes it.
    pub rhythm: Rhythm,
    target: Target,
    /// The service directory whose supervise is asked first, if it can tell readiness.
    supervised: Option<PathBuf>,
    limits: Limits,
}

impl Dependency {
    /// Finds the dependency that is called `label`, or has that address. `directory` is the scan directory.
    ///
    /// # Errors
    /// It is unknown or no address, has no probe or no instance, or a setting of its probe is missing.
    pub fn new(
        config: &Config,
        context: &Context,
        directory: &Path,
        label: &str,
    ) -> Result<Self, Error> {
        let label = label.to_owned();
        let Some(name) = config.find(&label) else {
            if address::is_one(&label) {
                let Address { label, kind } = address::parse(&label)?;
                return Self::of_kind(config, context, &label, &kind);
            }
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
        let target = match &probe.kind {
            Kind::Service { directory: named } => Target::Supervise(match named {
                Some(path) => directory.join(context.expand_path(path)?),
                None => own_directory().unwrap_or_else(|| directory.join(name.to_string())),
            }),
            kind => Target::new(
                kind,
                &Place {
                    config,
                    context: &context,
                    directory,
                    service: &name.service,
                },
            )?,
        };
        let asks_supervise = probe.is_built_in && target.endpoint().is_some();
        Ok(Self {
            supervised: asks_supervise.then(own_directory).flatten(),
            label,
            name,
            target,
            rhythm: probe.rhythm,
            limits: Limits::default(),
        })
    }

    /// A dependency that is no service: what `kind` says, and no more.
    ///
    /// # Errors
    /// As [`Dependency::new`].
    pub fn of_kind(
        config: &Config,
        context: &Context,
        label: &str,
        kind: &Kind,
    ) -> Result<Self, Error> {
        let place = Place {
            config,
            context,
            directory: Path::new(""),
            service: "",
        };
        Ok(Self {
            label: label.to_owned(),
            name: Name {
                service: label.to_owned(),
                instance: None,
            },
            target: Target::new(kind, &place)?,
            supervised: None,
            rhythm: Rhythm::default(),
            limits: Limits::default(),
        })
    }

    /// The same with other limits.
    #[must_use]
    pub fn within(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Probes it once.
    #[must_use]
    pub fn probe(&self) -> Outcome {
        self.probe_within(Duration::MAX)
    }

    /// Probes it once, for this time at most.
    #[must_use]
    pub fn probe_within(&self, longest: Duration) -> Outcome {
        let start = Instant::now();
        let told = self.supervised.as_deref().and_then(|directory| {
            let readiness = supervised::told_readiness(directory)?;
            let address = directory.display().to_string();
            Some(Outcome::unnoticed(readiness, address, start))
        });
        told.unwrap_or_else(|| self.target.probe(self.limits.at_most(longest)))
    }

    /// The address of its server, unless it is none or its supervise is asked.
    #[must_use]
    pub const fn endpoint(&self) -> Option<&Endpoint> {
        self.target.endpoint()
    }

    /// Probes its server once, whatever its supervise tells.
    #[must_use]
    pub fn probe_server(&self) -> Option<Outcome> {
        self.endpoint()?;
        Some(self.target.probe(self.limits))
    }
}
