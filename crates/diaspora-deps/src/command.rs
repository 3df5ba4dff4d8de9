//! The program `diaspora-deps`: reads the command line, loads the configuration and runs
//! the subcommand.

use clap::Parser;
use daemontools::unix::signal::{self, Signal};
use daemontools::{Args, PERMANENT, diag};

use crate::check::nagios;
use crate::output;
use crate::paths::Paths;

pub(crate) mod arguments;
mod run;

use arguments::Arguments;

/// The exit code for a bad option of `wait`: that of `wait_service` in the scripts of 2010.
const USAGE_OF_WAIT: i32 = 1;

/// The signals that end a program unless it is process 1, where the kernel drops them.
const ENDS: [Signal; 4] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
];

/// Runs the program; gives the exit code.
#[must_use]
pub fn run(args: Args) -> i32 {
    diag::init();
    if std::process::id() == 1 {
        signal::exit_on(&ENDS);
    }
    let words = output::words(args);
    let is_for_nagios = words.iter().skip(1).any(|word| word == "--nagios");
    let is_wait = words.iter().skip(1).any(|word| word == "wait");
    let arguments = match Arguments::try_parse_from(words) {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() && is_for_nagios => {
            return unknown(
                error
                    .render()
                    .to_string()
                    .lines()
                    .next()
                    .unwrap_or_default(),
            );
        }
        Err(error) => {
            let code = if is_wait { USAGE_OF_WAIT } else { PERMANENT };
            return output::usage(&error, code);
        }
    };
    let is_for_nagios = arguments.is_for_nagios();
    let is_gate = arguments.is_gate();
    let mut paths = Paths::from_environment();
    paths.services_must_exist |= arguments.config.is_some();
    paths.settings_must_exist = arguments.settings.is_some();
    for (path, given) in [
        (&mut paths.services, arguments.config),
        (&mut paths.settings, arguments.settings),
        (&mut paths.directory, arguments.dir),
    ] {
        if let Some(given) = given {
            *path = given;
        }
    }
    let code = paths
        .config()
        .and_then(|config| run::run(arguments.command, &config, &paths));
    code.unwrap_or_else(|error| {
        if is_for_nagios {
            unknown(&error.to_string())
        } else {
            output::fatal(&error, is_gate).code()
        }
    })
}

/// Says on standard output, which Nagios reads, why nothing was found out.
fn unknown(why: &str) -> i32 {
    output::print_for_nagios(&nagios::unknown(why), nagios::UNKNOWN)
}
