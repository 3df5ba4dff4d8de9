//! What the operator can do about a service that can't be started here.

use std::path::Path;

use daemontools::Errno;
use daemontools::unix::file::PathError;

use super::program::Program;
use super::search;
use crate::config::Service;
use crate::error::{Error, Step};

/// Where the operator says how a service is started.
pub(super) struct Origin<'a> {
    pub(super) service: &'a Service,
    /// The settings file.
    pub(super) settings: &'a Path,
}

impl Origin<'_> {
    /// The error with what to do about it, where that is known. `program` is the program,
    /// if it is known by now.
    pub(super) fn explain(&self, error: Error, program: Option<&Program>) -> Error {
        let service = self.service;
        let add_to_path = |name: &str| program.map(|program| self.add_to_path(name, program));
        let fix = match &error {
            Error::Prepare {
                step: Step::ChangeDirectory,
                cause: PathError::System(Errno::ENOENT),
                ..
            } => self.set(service.directory.as_deref()),
            Error::UnknownUser(_) => self.set(service.user.as_deref()),
            Error::UnknownGroup(_) => self.set(service.group.as_deref()),
            Error::Run {
                program: name,
                cause: Errno::ENOENT,
            } => add_to_path(name),
            Error::NoInterpreter { interpreter, .. } => add_to_path(interpreter),
            _ => None,
        };
        match fix {
            Some(fix) => Error::Fixable {
                cause: Box::new(error),
                fix,
            },
            None => error,
        }
    }

    /// To give the first setting in a text another value.
    fn set(&self, text: Option<&str>) -> Option<String> {
        let (_, rest) = text?.split_once("${")?;
        let (name, _) = rest.split_once('}')?;
        Some(format!("set {name} in {}", self.settings.display()))
    }

    /// To have a program called `name` in PATH.
    fn add_to_path(&self, name: &str, program: &Program) -> String {
        let path = String::from_utf8_lossy(program.path());
        let folder = search::managed(name, &program.homes());
        let entry = folder.as_ref().map_or_else(
            || format!("/folder/of/{name}"),
            |folder| folder.display().to_string(),
        );
        let first = match folder {
            Some(folder) => format!("{} has it", folder.display()),
            None => "install it, or add its folder".to_owned(),
        };
        let place = match self.service.source_settings {
            true => format!(
                "\"export PATH={entry}:$PATH\" in {}",
                self.settings.display()
            ),
            false => format!(
                "env = {{ PATH = \"{entry}:{path}\" }} in [service.{}]",
                self.service.name
            ),
        };
        format!("PATH is {path}; {first}: write {place}")
    }
}
