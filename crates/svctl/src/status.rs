//! `svctl status`: all about some services.

pub(crate) mod page;

use std::ffi::OsString;

use daemontools::errno;
use daemontools::unix::clock;

use crate::color;
use crate::logs;
use crate::output::print;
use crate::selection::select;
use crate::snapshot::{self, Snapshot};
use crate::tree::Tree;

/// The exit code for a service that is not as it is wanted: that of init scripts.
const NOT_AS_WANTED: i32 = 3;

/// Runs the command. Gives the exit code.
pub(crate) fn run(tree: &Tree, names: &[OsString], lines: usize) -> i32 {
    let (services, mut worst) = select(tree, names);
    let mut out = String::new();
    for service in &services {
        let snapshot = snapshot::read(service);
        worst = worst.max(code(&snapshot));
        if !out.is_empty() {
            out.push('\n');
        }
        page::push(
            &mut out,
            service,
            &snapshot,
            clock::wall(),
            color::is_wanted(),
        );
        if lines > 0 {
            page::push_log(&mut out, &logs::last_lines(service, lines));
        }
    }
    match print(out.as_bytes()) {
        0 => worst,
        failed => failed,
    }
}

fn code(snapshot: &Snapshot) -> i32 {
    match snapshot {
        Snapshot::Supervised(facts) if facts.is_as_wanted() => 0,
        Snapshot::Supervised(_) | Snapshot::Unsupervised { .. } => NOT_AS_WANTED,
        Snapshot::Unreadable(error) => errno::exit_code(error.errno()),
    }
}
