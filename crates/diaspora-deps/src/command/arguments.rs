//! The command line of `diaspora-deps`, described for clap, and by that the text of
//! `--help`. Pure.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::context;
use crate::graph::Format;
use crate::install::Set;
use crate::wait::{Deadline, Options};

/// Gate each service on what it needs.
#[derive(Debug, Parser)]
#[command(name = "diaspora-deps", version, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    /// The services and their needs [default: /etc/diaspora-deps/services.toml]
    // An id of its own: subcommands have `services` too.
    #[arg(long = "services", id = "config", global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The settings, a shell file [default: /etc/default/diaspora]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
    /// The scan directory [default: /etc/service]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How a gate waits.
#[derive(Debug, clap::Args)]
pub(crate) struct GateOptions {
    /// Give up when SECONDS have passed
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<Duration>,
    /// Say in each line why the service is not ready
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

impl GateOptions {
    /// The options, with a timeout that begins now.
    pub(super) fn options(&self) -> Options {
        Options {
            deadline: self.timeout.and_then(Deadline::after),
            verbose: self.verbose,
        }
    }
}

fn attempts(text: &str) -> Result<u64, &'static str> {
    context::attempts(text).ok_or("not a number")
}

fn seconds(text: &str) -> Result<Duration, &'static str> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds")?;
    Duration::try_from_secs_f64(seconds).map_err(|_| "not a number of seconds")
}

impl Arguments {
    /// Whether it is a wait.
    pub(super) const fn is_gate(&self) -> bool {
        matches!(self.command, Command::Exec { .. } | Command::Wait { .. })
    }

    /// Whether Nagios reads the output.
    pub(super) const fn is_for_nagios(&self) -> bool {
        matches!(self.command, Command::Check { nagios: true, .. })
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Prepare a service, wait for what it needs, and become its program
    Exec {
        #[command(flatten)]
        gate: GateOptions,
        /// The service; its instance comes from the directory's name
        service: String,
        /// More arguments for its program
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Wait until all of these are ready, one after the other
    Wait {
        /// Give up after N attempts, one a second; 0 or less is never
        #[arg(
            short = 'a', value_name = "N", overrides_with = "attempts",
            allow_negative_numbers = true, value_parser = attempts
        )]
        attempts: Option<u64>,
        #[command(flatten)]
        gate: GateOptions,
        /// The services to wait for
        services: Vec<String>,
    },
    /// Report whether each dependency is ready, starting or down
    Check {
        /// Services; by default those of the scan directory and their needs
        services: Vec<String>,
        /// Print JSON
        #[arg(long, conflicts_with = "nagios")]
        json: bool,
        /// Print one line, and exit with 0, 1, 2 or 3, as a plugin of Nagios does
        #[arg(long)]
        nagios: bool,
    },
    /// Show which service needs which
    Graph {
        /// Services; by default those of the scan directory
        services: Vec<String>,
        /// The form of the graph
        #[arg(long, value_enum, default_value_t)]
        format: Format,
        /// Probe each and show its state
        #[arg(long)]
        state: bool,
    },
    /// Find faults in service directories
    Lint {
        /// The scan directory
        directory: Option<PathBuf>,
    },
    /// Make service directories; a file that exists is kept
    Install {
        /// The number of thins
        #[arg(long, default_value_t = 3, value_name = "N")]
        thin: u32,
        /// The set of services
        #[arg(long, value_enum, default_value_t)]
        set: Set,
        /// Make the settings file too, if it does not exist
        #[arg(long)]
        with_settings: bool,
        /// The scan directory
        directory: PathBuf,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn options_and_operands_of_the_same_name_are_kept_apart() {
        Arguments::command().debug_assert();
        // clap gives an option and an operand of the same name one id.
        let words = "diaspora-deps --services /s --dir /d check redis --json";
        let arguments = Arguments::try_parse_from(words.split(' ')).expect("valid");
        assert_eq!(
            arguments.config.as_deref(),
            Some(std::path::Path::new("/s"))
        );
        assert!(
            matches!(arguments.command, Command::Check { services, json: true, .. } if services == ["redis"])
        );
        let words = "diaspora-deps wait -a 3 -a -1 redis";
        let arguments = Arguments::try_parse_from(words.split(' ')).expect("the last -a counts");
        assert!(matches!(
            arguments.command,
            Command::Wait {
                attempts: Some(0),
                ..
            }
        ));
    }
}
