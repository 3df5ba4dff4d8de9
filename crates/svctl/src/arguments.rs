//! The command line, described for clap, and by that the text of `--help`. Pure.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};

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
        /// The services
        #[arg(required = true)]
        names: Vec<OsString>,
    },
    /// Show numbers for Prometheus, once, into a file or by HTTP
    Metrics {
        /// Write them to this file, for the textfile collector of node_exporter
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Write the file again and again
        #[arg(long, value_name = "SECONDS", requires = "output", value_parser = seconds)]
        every: Option<Duration>,
        /// Answer GET /metrics there; it is meant for 127.0.0.1
        #[arg(long, value_name = "ADDR:PORT")]
        listen: Option<SocketAddr>,
        /// Count the processes of each service, their memory and open descriptors
        #[arg(long)]
        processes: bool,
    },
    /// Print the version
    Version,
}

/// A time that is not 0.
fn seconds(word: &str) -> Result<Duration, &'static str> {
    let word = std::ffi::CString::new(word).ok();
    let time = word.and_then(|word| daemontools::seconds(&word));
    time.filter(|time| !time.is_zero())
        .ok_or("a number of seconds, more than 0")
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
