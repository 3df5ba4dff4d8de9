//! `svctl list`: a line each service.

mod json;
mod pattern;
mod rows;

use std::io;

use daemontools::unix::clock;
use daemontools::{Errno, PERMANENT, errno};

use crate::color;
use crate::output::{ME, print, printable};
use crate::service::Service;
use crate::snapshot;
use crate::tree::{Tree, is_without_svscan};

pub(crate) use json::object;
pub(crate) use rows::table;

/// What the options ask for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    /// Which names.
    pub(crate) pattern: Option<String>,
    /// Loggers, and services that are not enabled, too.
    pub(crate) all: bool,
    /// An object each, for programs.
    pub(crate) json: bool,
    /// The names alone.
    pub(crate) names: bool,
}

/// Runs the command. Gives the exit code.
pub(crate) fn run(tree: &Tree, request: &Request) -> i32 {
    let services = match request.all {
        true => tree.all(),
        false => tree.services(),
    };
    let mut services = match services {
        Ok(services) => services,
        Err(error) => return unreadable(tree, &error),
    };
    if let Some(wanted) = &request.pattern {
        services.retain(|service| pattern::matches(wanted.as_bytes(), &service.name));
        if services.is_empty() {
            let _ = ME.fatal(&[b"no service matches ", wanted.as_bytes()], None);
            return PERMANENT;
        }
    }
    if request.names {
        let lines = services.iter().map(|service| &service.name[..]);
        return print(
            &lines
                .flat_map(|name| [name, b"\n"].concat())
                .collect::<Vec<_>>(),
        );
    }
    show(tree, &services, request.json)
}

/// Says that the tree can't be read. Gives the exit code.
pub(crate) fn unreadable(tree: &Tree, error: &io::Error) -> i32 {
    let directory = tree.directory().as_os_str().as_encoded_bytes();
    let error = Errno::from_raw(error.raw_os_error().unwrap_or(0));
    let _ = ME.fatal(&[b"unable to read ", directory], error);
    errno::exit_code(error)
}

fn show(tree: &Tree, services: &[Service], json: bool) -> i32 {
    let snapshots = snapshot::read_all(services);
    let now = clock::wall();
    let rows: Vec<_> = services.iter().zip(&snapshots).collect();
    if json {
        let mut out = Vec::new();
        for (service, snapshot) in rows {
            object(&mut out, service, snapshot, now);
        }
        return print(&out);
    }
    let supervised = snapshots.iter().any(|snapshot| snapshot.facts().is_some());
    if !supervised && is_without_svscan(tree) {
        let directory = printable(tree.directory().as_os_str().as_encoded_bytes());
        ME.warning(&[b"no svscan looks after ", directory.as_bytes()], None);
    }
    print(table(&rows, now, color::is_wanted()).as_bytes())
}
