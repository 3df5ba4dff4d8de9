//! `svstat`: one line a directory, saying whether supervise runs there and what it
//! says of the service. Others parse that line: its text is part of the contract.
#![forbid(unsafe_code)]

mod json;
mod look;
mod render;

use core::ffi::CStr;
use std::os::fd::OwnedFd;

use daemontools::strerr::Reporter;
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

/// The program: gives the exit code.
#[must_use]
pub fn run(args: Args) -> i32 {
    let mut options = Options::default();
    let mut first = 1;
    // The reference has no options: every other word is a directory's name, `--`
    // and `-x` too.
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
        Ok(start) => options.print(args.from(first), &start),
        Err(error) => ME
            .fatal(&[b"unable to open current directory"], error)
            .code(),
    }
}

impl Options {
    /// Looks at each directory and prints all lines in one write.
    fn print(self, names: impl Iterator<Item = &'static CStr>, start: &OwnedFd) -> i32 {
        let mut output = Vec::with_capacity(4096);
        let mut worst = 0;
        let names: Vec<_> = names.collect();
        for (name, found) in names.iter().zip(look::quickly(&names)) {
            let mut moved = false;
            let found = found.map_or_else(|| look::carefully(name, &mut moved), Ok);
            let now = clock::wall();
            if moved && let Err(error) = file::fchdir(start) {
                return ME.fatal(&[b"unable to set directory"], error).code();
            }
            if self.json {
                let detail = look::detail(name);
                json::render(&mut output, name.to_bytes(), &found, &detail, now);
            } else {
                render::line(&mut output, name.to_bytes(), &found, now);
            }
            if let Err(trouble) = found {
                worst = worst.max(trouble.exit_code());
            }
        }
        let failed = if output.is_empty() {
            0
        } else {
            cli::output(&ME, &output)
        };
        if self.strict {
            worst.max(failed)
        } else {
            failed
        }
    }
}
