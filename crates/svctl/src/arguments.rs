//! The command line, described for clap, and by that the text of `--help`. Pure.

use std::ffi::{CString, OsString};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::access::Who;
use crate::control::letter;

/// Look after services: what is wrong, since when, and what did it say.
#[derive(Debug, Parser)]
#[command(name = "svctl", version, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    /// The directory of the services [default: $SVDIR, the one of process 1, /etc/service]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show all services: the default
    List {
        /// Those whose name has this in it, or matches it where it has * or ?
        pattern: Option<String>,
        /// Loggers, and services that are not enabled, too
        #[arg(short, long)]
        all: bool,
        /// Print a JSON object each, with all that is known
        #[arg(long)]
        json: bool,
        /// Print the names alone
        #[arg(long, conflicts_with = "json")]
        names: bool,
    },
    /// Show all about some services; exit 3 if one is not as wanted
    Status {
        /// How many of the last lines of its log
        #[arg(short = 'n', long, default_value_t = 5)]
        lines: usize,
        /// The services
        #[arg(required = true)]
        names: Vec<OsString>,
    },
    /// Start services that are down, and wait until they are ready
    Start(Steered),
    /// Stop services and wait until they are down; they stay so until the next boot
    Stop(Steered),
    /// Stop services, start them again, and wait until they are ready
    Restart(Steered),
    /// Send HUP to services
    Reload {
        /// The services
        #[arg(required = true)]
        names: Vec<OsString>,
    },
    /// Send a signal to services
    Signal {
        /// Its name or number
        #[arg(value_parser = letter)]
        signal: u8,
        /// The services
        #[arg(required = true)]
        names: Vec<OsString>,
    },
    /// Start services that are down, and do not start them again when they end
    Once {
        /// The services
        #[arg(required = true)]
        names: Vec<OsString>,
    },
    /// Stop the processes of services with STOP
    Pause {
        /// The services
        #[arg(required = true)]
        names: Vec<OsString>,
    },
    /// Let paused services go on
    Continue {
        /// The services
        #[arg(required = true)]
        names: Vec<OsString>,
    },
    /// Have svscan look after a service: make its link, as update-service does
    Enable {
        /// The name, or the directory
        name: OsString,
        /// The directory [default: one of that name that is not enabled]
        directory: Option<PathBuf>,
    },
    /// Remove the link of a service and end it, then its logger
    Disable {
        /// The name, or the directory
        name: OsString,
        /// The directory that its link has to lead to
        directory: Option<PathBuf>,
        /// Wait at most that long for each
        #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
        timeout: Duration,
    },
    /// Show who may look at services and who may steer them, or set it
    Access {
        /// Who may look: a group, "all" or "owner"
        #[arg(long, value_name = "GROUP", value_parser = Who::parse)]
        status: Option<Who>,
        /// Who may steer, and look: a group, or "owner"
        #[arg(long, value_name = "GROUP", value_parser = Who::parse)]
        control: Option<Who>,
        /// The services
        names: Vec<OsString>,
    },
    /// Find faults in service directories, and what is there and not switched on
    Lint {
        /// The services [default: all]
        names: Vec<OsString>,
    },
    /// Show what services have said, in the order of time, in local time
    Logs {
        /// Go on with lines as they come
        #[arg(short, long)]
        follow: bool,
        /// How many of the last lines, or "all"
        #[arg(short = 'n', long, default_value = "20", value_parser = Count::parse)]
        lines: Count,
        /// The services [default: all]
        names: Vec<OsString>,
    },
    /// Show a live picture of all services; ? shows its keys
    Top,
    /// Show numbers for Prometheus, once, into a file or by HTTP
    Metrics(Metrics),
    /// Print the version
    Version,
}

/// A number of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Count(pub(crate) Option<usize>);

impl Count {
    fn parse(word: &str) -> Result<Self, &'static str> {
        match word {
            "all" => Ok(Self(None)),
            word => {
                let number = word.parse().map_err(|_| "not a number, nor \"all\"")?;
                Ok(Self(Some(number)))
            }
        }
    }
}

/// Services that are started or stopped.
#[derive(Debug, Args)]
pub(crate) struct Steered {
    /// The services
    #[arg(required = true)]
    pub(crate) names: Vec<OsString>,
    /// Do not wait
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// Wait at most that long
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub(crate) timeout: Duration,
    /// Signal all processes of a service, not its first alone
    #[arg(long)]
    pub(crate) tree: bool,
}

/// Which numbers go where.
#[derive(Debug, Args)]
pub(crate) struct Metrics {
    /// Write them to this file, for the textfile collector of node_exporter
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write the file again and again
    #[arg(long, value_name = "SECONDS", requires = "output", value_parser = period)]
    pub(crate) every: Option<Duration>,
    /// Answer GET /metrics there; it is meant for 127.0.0.1
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// Count the processes of each service, their memory and open descriptors
    #[arg(long)]
    pub(crate) processes: bool,
}

/// A number of seconds that is not 0.
fn period(word: &str) -> Result<Duration, &'static str> {
    let period = seconds(word)?;
    (!period.is_zero())
        .then_some(period)
        .ok_or("not more than 0 seconds")
}

/// A number of seconds.
fn seconds(word: &str) -> Result<Duration, &'static str> {
    let word = CString::new(word).unwrap_or_default();
    daemontools::seconds(&word).ok_or("not a number of seconds")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_description_is_complete() {
        Arguments::command().debug_assert();
    }
}
