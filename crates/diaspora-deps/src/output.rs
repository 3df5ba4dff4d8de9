//! The command line and the output that `diaspora-deps` and `diaspora_svc` have in common.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use daemontools::strerr::{self, Fatal, Reporter};
use daemontools::unix::{fd, signal};
use daemontools::{Args, cli};

use crate::check::nagios;
use crate::error::Error;

/// The messages of `diaspora-deps`.
pub(crate) static ME: Reporter = Reporter::new("diaspora-deps");

/// The words of a command line, as clap takes them.
pub(crate) fn words(args: Args) -> Vec<OsString> {
    args.from(0)
        .map(|word| OsStr::from_bytes(word.to_bytes()).to_owned())
        .collect()
}

/// Those of a gate: the reader of standard error may get stuck while it waits.
static GATE: Reporter = Reporter::long_lived("diaspora-deps");

/// Writes the message of an error that ends `diaspora-deps`, as a gate or as another command.
pub(crate) fn fatal(error: &Error, is_gate: bool) -> Fatal {
    let code = error.exit_code();
    // The exit code counts, also if nobody reads the message.
    let _ = signal::harden();
    let reporter = if is_gate { &GATE } else { &ME };
    match error {
        // A gate that gives up has written a line for each attempt.
        Error::GaveUp => Fatal::new(code),
        _ => reporter
            .fatal(&[error.to_string().as_bytes()], None)
            .with_code(code),
    }
}

/// Writes text to standard output; gives the exit code.
pub(crate) fn print(text: &str) -> i32 {
    cli::output(&ME, text.as_bytes())
}

/// Writes a line to standard output, unless nobody reads it: a reader that is stuck or
/// gone neither stops nor ends this process.
pub(crate) fn print_if_read(line: &str) {
    let line = &line.as_bytes()[..line.len().min(strerr::MESSAGE_MAX - 1)];
    if fd::writable_now(fd::STDOUT) {
        let inherited = signal::harden();
        let _ = fd::write_all(fd::STDOUT, &[line, b"\n"].concat());
        inherited.restore();
    }
}

/// Writes the line of a plugin of Nagios to standard output; gives the exit code, which is
/// `code` if the line could be written.
pub(crate) fn print_for_nagios(line: &str, code: i32) -> i32 {
    match print(&format!("{line}\n")) {
        0 => code,
        _ => nagios::UNKNOWN,
    }
}

/// Writes clap's text: help and version to standard output, usage to standard error.
/// Gives the exit code, which is `code` for a command line that is not understood.
pub(crate) fn usage(error: &clap::Error, code: i32) -> i32 {
    let text = error.render().to_string();
    if error.use_stderr() {
        strerr::line(&[text.trim_end().as_bytes()]);
        code
    } else {
        print(&text)
    }
}
