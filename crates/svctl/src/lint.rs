//! `svctl lint`: what supervise would say of `supervise.toml`, and what is there in a
//! service directory and not switched on.

mod file;
mod finding;
mod foreign;
mod policy;

use std::ffi::OsString;

use crate::list;
use crate::output::{print, printable};
use crate::selection::select;
use crate::service::Service;
use crate::tree::Tree;

use finding::Finding;

/// The exit code if there is something to say: that of `diaspora-deps lint`.
const FINDINGS: i32 = 1;

/// Runs the command for the services of these names and their loggers, or for all. Gives
/// the exit code.
pub(crate) fn run(tree: &Tree, names: &[OsString]) -> i32 {
    let (services, worst) = match names {
        [] => match tree.services() {
            Ok(services) => (services, 0),
            Err(error) => return list::unreadable(tree, &error),
        },
        names => select(tree, names),
    };
    let mut out = String::new();
    for service in services {
        let logger = service.logger();
        lint(&mut out, &service);
        if !service.is_logger() && logger.directory.is_dir() {
            lint(&mut out, &logger);
        }
    }
    match print(out.as_bytes()) {
        0 if out.is_empty() => worst,
        0 => worst.max(FINDINGS),
        failed => failed,
    }
}

fn lint(out: &mut String, service: &Service) {
    let mut findings = Vec::new();
    if service.directory.is_dir() {
        findings.extend(file::run(&service.directory));
        let policy = policy::read(&service.directory, &mut findings);
        findings.extend(file::finish(&service.directory, policy.as_ref()));
        findings.extend(foreign::not_switched_on(
            &service.directory,
            policy.as_ref(),
        ));
    } else {
        findings.push(Finding::of("", "leads nowhere".to_owned()));
    }
    for finding in findings {
        out.push_str(&format!("{}{finding}\n", printable(&service.name)));
    }
}
