//! `svstat`: prints one line a service directory: whether a supervise runs there, and the
//! state of the service. Programs parse that line, so its text is part of the contract.
#![forbid(unsafe_code)]

mod json;
mod query;
mod render;
mod service;

use core::ffi::CStr;
use std::os::fd::OwnedFd;

use daemontools::strerr::{Fatal, Reporter};
use daemontools::unix::{clock, file};
use daemontools::{Args, cli};

static ME: Reporter = Reporter::new("svstat");

const HELP: &str = "\
usage: svstat [--strict] [--json] dir ...
  --strict     exit 100 or 111 if a directory could not be read or is not supervised
  --json       print one JSON object a directory, with all that is known
  --help       print this
  --version    print the version
";

/// What the options ask for.
#[derive(Clone, Copy, Debug, Default)]
struct Options {
    strict: bool,
    json: bool,
}

/// Runs `svstat [options] dir ...`. Gives the exit code.
#[must_use]
pub fn run(args: Args) -> i32 {
    let mut options = Options::default();
    let mut first = 1;
    // The reference has no options: every other word, also `--` and `-x`, is the name of
    // a directory.
    while let Some(word) = args.get(first) {
        match word.to_bytes() {
            b"--strict" => options.strict = true,
            b"--json" => options.json = true,
            b"--help" => return cli::help(&ME, HELP),
            b"--version" => return cli::version(&ME),
            _ => break,
        }
        first += 1;
    }
    match file::open_directory(c".") {
        Ok(start) => options
            .print(args.from(first), &start)
            .unwrap_or_else(Fatal::code),
        Err(error) => ME
            .fatal(&[b"unable to open current directory"], error)
            .code(),
    }
}

impl Options {
    /// Prints the lines of all directories in one write. Gives the exit code.
    fn print(
        self,
        names: impl Iterator<Item = &'static CStr>,
        start: &OwnedFd,
    ) -> Result<i32, Fatal> {
        let mut output = Vec::with_capacity(4096);
        let mut worst = 0;
        let names: Vec<_> = names.collect();
        for (name, found) in names.iter().zip(query::all_by_path(&names)) {
            let mut moved = false;
            let found = found.map_or_else(|| query::by_steps(name, &mut moved), Ok);
            let now = clock::wall();
            if moved {
                file::fchdir(start)
                    .map_err(|error| ME.fatal(&[b"unable to set directory"], error))?;
            }
            if self.json {
                let detail = query::detail(name);
                json::render(&mut output, name.to_bytes(), &found, &detail, now);
            } else {
                render::line(&mut output, name.to_bytes(), &found, now);
            }
            if let Err(error) = found {
                worst = worst.max(error.exit_code());
            }
        }
        let printed = match output.is_empty() {
            true => 0,
            false => cli::output(&ME, &output),
        };
        Ok(if self.strict {
            worst.max(printed)
        } else {
            printed
        })
    }
}
