//! `svprefix`: copies standard input to standard output, with a name before each line. In
//! a container it is the logger of each service that has none of its own: several share
//! the container's standard output, and no line is mixed with another's.
//!
//! It reads to the end, and nothing else ends it but KILL: a TERM or ^C that reaches all
//! processes would else cut off what services say last.

mod input;
mod lines;
mod output;

use daemontools::strerr::Reporter;
use daemontools::unix::fd;
use daemontools::unix::signal::{self, Signal};
use daemontools::{Args, Result, getopt};

use input::Input;
use lines::{Lines, Name};
use output::Output;

static REPORTER: Reporter = Reporter::long_lived("svprefix");

/// The signals that a terminal or a stop sends to all, and TTOU, which would stop it where
/// only the foreground may write to the terminal.
const IGNORED: [Signal; 6] = [
    Signal::SIGTERM,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGHUP,
    Signal::SIGTSTP,
    Signal::SIGTTOU,
];

/// The program: `svprefix name`. Returns the exit code: 0 at the end of input, 111 if it
/// can't be read, 100 for wrong usage.
#[must_use]
pub fn run(args: Args) -> i32 {
    let mut words = args.from(1);
    let (Some(name), None) = (words.next(), words.next()) else {
        return getopt::usage(&REPORTER, "svprefix name").code();
    };
    fd::fill_standard();
    let _ = signal::harden();
    IGNORED.into_iter().for_each(signal::ignore);
    let name = lines::shown(name.to_bytes());
    match copy(&name) {
        Ok(()) => 0,
        Err(error) => REPORTER
            .fatal(&[b"unable to read the output of ", name.as_bytes()], error)
            .code(),
    }
}

/// Copies until the input ends.
fn copy(name: &Name) -> Result<()> {
    let (mut lines, mut input) = (Lines::new(*name), Input::new());
    let mut output = Output::new(name.as_bytes(), &REPORTER);
    loop {
        let count = input.look()?;
        if count == 0 {
            output.write(lines.finish());
            return Ok(());
        }
        let mut at = 0;
        loop {
            let (taken, out) = lines.take(input.bytes(at, count));
            if out.is_empty() {
                break;
            }
            output.write(out);
            input.consume(taken)?;
            at += taken;
        }
        // More of it may be in the pipe already.
        if at == 0 || !input.keeps() {
            lines.hold(input.bytes(at, count));
            input.consume(count - at)?;
        }
    }
}
