//! What is probed: a server, a program, a file, or a supervise.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::config::Kind;
use crate::error::Error;
use crate::net::{Endpoint, Limits, Outcome};
use crate::supervised;

use super::file;
use super::program::Program;
use super::server::{Place, Server};

/// What is probed.
pub(super) enum Target {
    Server(Server),
    Program(Program),
    /// A file that has something in it.
    File(PathBuf),
    /// The supervise of this service directory.
    Supervise(PathBuf),
}

impl Target {
    /// What a probe of this kind looks at.
    ///
    /// # Errors
    /// A setting is missing; those of a server.
    pub(super) fn new(kind: &Kind, place: &Place) -> Result<Self, Error> {
        let context = place.context;
        Ok(match kind {
            Kind::Exec { command, timeout } => {
                let words = command.iter().map(|word| context.expand_c(word));
                let words = words.map(|word| Ok(word?.into_bytes()));
                Self::Program(Program {
                    words: words.collect::<Result<_, Error>>()?,
                    timeout: Duration::from_secs(*timeout),
                })
            }
            Kind::File { path } => Self::File(context.expand_path(path)?),
            Kind::Service { directory } => {
                let path = context.expand_path(directory.as_deref().unwrap_or_default())?;
                Self::Supervise(place.directory.join(path))
            }
            kind => Self::Server(Server::new(kind, place)?),
        })
    }

    pub(super) fn probe(&self, limits: Limits) -> Outcome {
        let start = Instant::now();
        match self {
            Self::Server(server) => server.probe(limits),
            Self::Program(program) => Outcome {
                absent: false,
                ..Outcome::unnoticed(program.probe(limits.total), program.name(), start)
            },
            Self::File(path) => {
                let readiness = file::readiness(path);
                Outcome::unnoticed(readiness, path.display().to_string(), start)
            }
            Self::Supervise(path) => {
                let readiness = supervised::readiness(path);
                Outcome::unnoticed(readiness, path.display().to_string(), start)
            }
        }
    }

    /// The address of a server.
    pub(super) const fn endpoint(&self) -> Option<&Endpoint> {
        match self {
            Self::Server(server) => Some(server.endpoint()),
            _ => None,
        }
    }
}
