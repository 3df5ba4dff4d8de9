//! `diaspora_svc`: start, stop, restart and status of all services of the scan directory.
//! The plain forms mean those that are Diaspora's own: every name without `mongo` or
//! `nginx` in it.

use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use daemontools::unix::{fd, signal};
use daemontools::{Args, Errno, diag};

use crate::output;
use crate::paths::Paths;

mod control;
mod gate;
mod services;
mod status;

use services::{ME, services};

/// Steer the Diaspora services, or with "all" every service.
#[derive(Debug, Parser)]
#[command(name = "diaspora_svc", version)]
struct Arguments {
    /// The action
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

/// The exit code for a command line that is not understood: that of the script of 2010.
const USAGE: i32 = 1;

/// Runs the program; gives the exit code.
#[must_use]
pub fn run(args: Args) -> i32 {
    diag::init();
    // A message must not go into a FIFO that was opened as descriptor 2, and a closed
    // standard output must not end the program.
    fd::fill_standard();
    let _ = signal::harden();
    let arguments = match Arguments::try_parse_from(output::words(args)) {
        Ok(arguments) => arguments,
        Err(error) => return output::usage(&error, USAGE),
    };
    let mut paths = Paths::from_environment();
    if let Some(dir) = arguments.dir {
        paths.directory = dir;
    }
    let all = matches!(
        arguments.action,
        Action::StartAll | Action::StopAll | Action::RestartAll | Action::StatusAll
    );
    let services = match services(&paths.directory, all) {
        Ok(services) => services,
        Err(error) => {
            let path = paths.directory.as_os_str().as_bytes();
            let error = Errno::from_raw(error.raw_os_error().unwrap_or(0));
            return ME.fatal(&[b"unable to read ", path], error).code();
        }
    };
    let timeout = Duration::from_secs(arguments.timeout);
    match arguments.action {
        Action::Start | Action::StartAll => control::start(&services),
        Action::Stop | Action::StopAll => control::stop(&services, timeout),
        Action::Restart | Action::RestartAll => control::restart(&services, timeout),
        Action::Status | Action::StatusAll => status::status(&services, &paths),
    }
}
