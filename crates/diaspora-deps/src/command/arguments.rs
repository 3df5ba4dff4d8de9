//! The command line of `diaspora-deps`, described for clap, and by that the text of
//! `--help`. Pure.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::graph::Format;
use crate::install::Set;

/// Gate each service on what it needs.
#[derive(Debug, Parser)]
#[command(name = "diaspora-deps", version, disable_help_subcommand = true)]
pub(super) struct Arguments {
    /// What each service needs [default: /etc/diaspora-deps/services.toml]
    // An id of its own: subcommands have `services` too.
    #[arg(long = "services", id = "config", global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// The settings, a shell file [default: /etc/default/diaspora]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) settings: Option<PathBuf>,
    /// The scan directory [default: /etc/service]
    #[arg(long, global = true, value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Prepare a service, wait for what it needs, and become its program
    Exec {
        /// The service; its instance comes from the directory's name
        service: String,
        /// More arguments for its program
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Wait until all of these are ready, one after the other
    Wait {
        /// Give up after so many attempts, one a second; 0 is never
        #[arg(short = 'a', value_name = "N", overrides_with = "attempts")]
        attempts: Option<u64>,
        /// What to wait for
        services: Vec<String>,
    },
    /// Say of each dependency whether it is ready, starting or down
    Check {
        /// Which; without any, those of the scan directory and what they need
        services: Vec<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show who needs whom
    Graph {
        /// Which; without any, those of the scan directory
        services: Vec<String>,
        /// How to draw it
        #[arg(long, value_enum, default_value_t)]
        format: Format,
        /// Ask each for its state
        #[arg(long)]
        state: bool,
    },
    /// Look over service directories for what makes them fail
    Lint {
        /// The scan directory
        directory: Option<PathBuf>,
    },
    /// Make the service directories; what an operator has changed stays
    Install {
        /// How many thins
        #[arg(long, default_value_t = 3, value_name = "N")]
        thin: u32,
        /// Which stack
        #[arg(long, value_enum, default_value_t)]
        set: Set,
        /// Make the settings file too, if there is none
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
        // An option and an operand of the same name once shared one id.
        let words = "diaspora-deps --services /s --dir /d check redis --json";
        let arguments = Arguments::try_parse_from(words.split(' ')).expect("valid");
        assert_eq!(
            arguments.config.as_deref(),
            Some(std::path::Path::new("/s"))
        );
        assert!(
            matches!(arguments.command, Command::Check { services, json: true } if services == ["redis"])
        );
        let words = "diaspora-deps wait -a 3 -a 0 redis";
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
