//! What the operator can do about a service that can't be started here.

use std::path::Path;

use daemontools::Errno;
use daemontools::unix::file::PathError;

use super::managed;
use super::program::Program;
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
            Error::NotInPath { program, .. } => add_to_path(program),
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
        let folder = managed::folder_of(name, &program.homes());
        let entry = folder.as_ref().map_or_else(
            || format!("/folder/of/{name}"),
            |folder| folder.display().to_string(),
        );
        let first = folder.map_or_else(
            || "install it, or".to_owned(),
            |folder| format!("{} has it:", folder.display()),
        );
        let line = match self.service.source_settings {
            true => format!(
                "\"export PATH={entry}:$PATH\" in {}",
                self.settings.display()
            ),
            false => format!(
                "env = {{ PATH = \"{entry}:{path}\" }} in [service.{}]",
                self.service.name
            ),
        };
        format!("{first} write {line}")
    }
}
