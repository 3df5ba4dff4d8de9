//! `diaspora_svc`: start, stop, restart and status of all services of the scan
//! directory, or (the plain forms) of those that are Diaspora's own: every name
//! without `mongo` or `nginx` in it.

mod act;
mod gate;
mod show;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Parser, ValueEnum};
use daemontools::strerr::Reporter;
use daemontools::unix::{fd, signal};
use daemontools::{Args, diag};

use crate::context::Places;

static ME: Reporter = Reporter::new("diaspora_svc");

/// Steer the Diaspora services, or with "all" every service.
#[derive(Debug, Parser)]
#[command(name = "diaspora_svc", version)]
struct Line {
    /// What to do
    action: Action,
    /// The scan directory [default: /etc/service]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// How long a service may take to stop
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    timeout: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lower")]
enum Action {
    Start,
    Stop,
    Restart,
    Status,
    StartAll,
    StopAll,
    RestartAll,
    StatusAll,
}

/// The exit code for a line that is not understood, as it was.
const USAGE: i32 = 1;

/// The program: gives the exit code.
#[must_use]
pub fn run(args: Args) -> i32 {
    diag::init();
    // A message must never go into a FIFO, nor a dead reader end the round.
    fd::fill_standard();
    let _ = signal::harden();
    let words: Vec<OsString> = args
        .from(0)
        .map(|word| OsStr::from_bytes(word.to_bytes()).to_owned())
        .collect();
    let line = match Line::try_parse_from(words) {
        Ok(line) => line,
        Err(error) => return crate::command::usage(&error, USAGE),
    };
    let mut places = Places::from_environment();
    if let Some(dir) = line.dir {
        places.directory = dir;
    }
    let all = matches!(
        line.action,
        Action::StartAll | Action::StopAll | Action::RestartAll | Action::StatusAll
    );
    let services = match services(&places.directory, all) {
        Ok(services) => services,
        Err(error) => {
            let path = places.directory.as_os_str().as_bytes();
            let number = error.raw_os_error().unwrap_or(0);
            let error = daemontools::Errno::from_raw(number);
            return ME.fatal(&[b"unable to read ", path], error).code();
        }
    };
    let timeout = Duration::from_secs(line.timeout);
    match line.action {
        Action::Start | Action::StartAll => act::start(&services),
        Action::Stop | Action::StopAll => act::stop(&services, timeout),
        Action::Restart | Action::RestartAll => act::restart(&services, timeout),
        Action::Status | Action::StatusAll => show::status(&services, &places),
    }
}

/// The service directories, by name.
fn services(directory: &Path, all: bool) -> std::io::Result<Vec<PathBuf>> {
    let mut services: Vec<PathBuf> = std::fs::read_dir(directory)?
        .flatten()
        .filter(|entry| is_meant(entry.file_name().as_bytes(), all))
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    services.sort();
    Ok(services)
}

/// Whether a name is one of the services that are meant.
fn is_meant(name: &[u8], all: bool) -> bool {
    let holds = |part: &[u8]| name.windows(part.len()).any(|window| window == part);
    !name.starts_with(b".") && (all || !(holds(b"mongo") || holds(b"nginx")))
}

/// A service's name, as it is shown.
fn shown(service: &Path) -> &[u8] {
    service
        .file_name()
        .unwrap_or(service.as_os_str())
        .as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plain_forms_leave_mongo_and_nginx_alone() {
        for (name, plain, all) in [
            ("30redis", true, true),
            ("99thin_0", true, true),
            ("anything", true, true),
            ("10mongo", false, true),
            ("my-nginx-2", false, true),
            (".hidden", false, false),
        ] {
            assert_eq!(is_meant(name.as_bytes(), false), plain, "{name}");
            assert_eq!(is_meant(name.as_bytes(), true), all, "{name}");
        }
    }
}
