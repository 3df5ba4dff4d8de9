//! The command line, described for clap, and by that the text of `--help`. Pure.

use std::ffi::OsString;
use std::path::PathBuf;

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
    /// Print the version
    Version,
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
