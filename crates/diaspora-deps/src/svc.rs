//! `diaspora_svc`: start, stop, restart and status of the services of the scan directory,
//! in the order of their needs. The plain forms mean those that are Diaspora's own, as
//! `services.toml` says.

use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, ValueEnum};
use daemontools::unix::{fd, signal};
use daemontools::{Args, Errno, diag};

use crate::config::Config;
use crate::context::Context;
use crate::error::Error;
use crate::output;
use crate::paths::Paths;

mod control;
mod gate;
mod gates;
mod holder;
mod limits;
mod order;
mod services;
mod start;
mod status;
mod stop;
mod walk;
mod words;

use services::{ME, Service, order, services};
use start::Probes;

/// Steer the Diaspora services, or with "all" every service.
#[derive(Debug, Parser)]
#[command(name = "diaspora_svc", version)]
struct Arguments {
    /// The action
    action: Action,
    /// The scan directory [default: /etc/service]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// How long a service may take to stop, and with --wait to be ready [default: its own limit]
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// start, restart: wait until each service is ready
    #[arg(long)]
    wait: bool,
    /// status: show everything that a service waits for
    #[arg(long)]
    verbose: bool,
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
    let parsed = Arguments::try_parse_from(output::words(args)).and_then(Arguments::checked);
    let mut arguments = match parsed {
        Ok(arguments) => arguments,
        Err(error) => return output::usage(&error, USAGE),
    };
    let mut paths = Paths::from_environment();
    if let Some(dir) = arguments.dir.take() {
        paths.directory = dir;
    }
    steer(&arguments, &paths).unwrap_or_else(|error| {
        let message = error.to_string();
        ME.fatal(&[message.as_bytes()], None)
            .with_code(error.exit_code())
            .code()
    })
}

impl Arguments {
    /// Refuses an option that the action does not have.
    fn checked(self) -> Result<Self, clap::Error> {
        let fault = match self.action {
            Action::Start | Action::StartAll | Action::Restart | Action::RestartAll => {
                self.verbose.then_some("--verbose is an option of status")
            }
            Action::Stop | Action::StopAll if self.verbose => {
                Some("--verbose is an option of status")
            }
            Action::Stop | Action::StopAll => self
                .wait
                .then_some("--wait is an option of start and restart; stop always waits"),
            Action::Status | Action::StatusAll => self
                .wait
                .then_some("--wait is an option of start and restart"),
        };
        match fault {
            Some(fault) => Err(Self::command().error(ErrorKind::ArgumentConflict, fault)),
            None => Ok(self),
        }
    }
}

/// Does what is asked; gives the exit code.
fn steer(arguments: &Arguments, paths: &Paths) -> Result<i32, Error> {
    let is_status = matches!(arguments.action, Action::Status | Action::StatusAll);
    let (config, fault) = match paths.config() {
        Ok(config) => (config, 0),
        // The status is wanted most when something is wrong.
        Err(error) if is_status => {
            let message = error.to_string();
            ME.warning(&[message.as_bytes()], None);
            (Config::built_in()?, error.exit_code())
        }
        Err(error) => return Err(error),
    };
    let all = matches!(
        arguments.action,
        Action::StartAll | Action::StopAll | Action::RestartAll | Action::StatusAll
    );
    let mut services = match services(&config, &paths.directory, all) {
        Ok(services) => services,
        Err(error) => {
            let path = paths.directory.as_os_str().as_bytes();
            let error = Errno::from_raw(error.raw_os_error().unwrap_or(0));
            return Ok(ME.fatal(&[b"unable to read ", path], error).code());
        }
    };
    let timeout = arguments.timeout.map(Duration::from_secs);
    let settings = paths.settings_file();
    if arguments.wait {
        // What is wrong with it must be said before anything is stopped.
        Context::new(&config, &settings).settings()?;
    }
    let probes = Probes {
        config: &config,
        paths,
        settings: &settings,
    };
    let start = |services: &[Service]| {
        let order = order(&config, services);
        match arguments.wait {
            true => start::start_and_wait(services, &order, timeout, &probes),
            false => start::start(services, &order),
        }
    };
    match arguments.action {
        Action::Start | Action::StartAll => Ok(start(&services)),
        Action::Stop | Action::StopAll => {
            let order = order(&config, &services);
            Ok(stop::stop(&services, &order, timeout).1)
        }
        // One that did not stop in time is started when it has ended.
        Action::Restart | Action::RestartAll => {
            services.retain(|service| !service.is_meant_to_be_down());
            if services.is_empty() {
                ME.warning(
                    &[b"nothing is up, or was to be: start starts services"],
                    None,
                );
            }
            let order = order(&config, &services);
            let (reached, stopped) = stop::stop(&services, &order, timeout);
            let mut reached = reached.into_iter();
            services.retain(|_| reached.next().unwrap_or(false));
            Ok(stopped.max(start(&services)))
        }
        Action::Status | Action::StatusAll => {
            let verbose = arguments.verbose;
            Ok(fault.max(status::status(&services, &config, paths, verbose)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_of_another_action_is_refused() {
        Arguments::command().debug_assert();
        let parse =
            |words: &str| Arguments::try_parse_from(words.split(' ')).and_then(Arguments::checked);
        for words in [
            "start --wait",
            "restartall --wait --timeout 3",
            "status --verbose",
        ] {
            assert!(parse(&format!("diaspora_svc {words}")).is_ok(), "{words}");
        }
        for words in [
            "stop --wait",
            "status --wait",
            "start --verbose",
            "stop --verbose",
        ] {
            let error = parse(&format!("diaspora_svc {words}")).expect_err(words);
            assert!(error.to_string().contains("is an option of"), "{words}");
        }
    }
}
