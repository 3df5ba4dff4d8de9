//! What svctl writes: messages, output, and the words of the command line.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use daemontools::strerr::{self, Reporter};
use daemontools::unix::fd;
use daemontools::unix::signal::{self, Signal};
use daemontools::{Args, Errno, PERMANENT, TEMPORARY};

/// The messages of svctl.
pub(crate) static ME: Reporter = Reporter::new("svctl");

/// The words of a command line, as clap takes them.
pub(crate) fn words(args: Args) -> Vec<OsString> {
    args.from(0)
        .map(|word| OsStr::from_bytes(word.to_bytes()).to_owned())
        .collect()
}

/// Writes to standard output. Gives the exit code: 0, or, with a message, 111 if it could
/// not be written. A reader that has gone ends svctl as SIGPIPE does, in silence.
pub(crate) fn print(bytes: &[u8]) -> i32 {
    match fd::write_all(fd::STDOUT, bytes) {
        Ok(()) => 0,
        Err(Errno::EPIPE) => {
            signal::end_by(Signal::SIGPIPE);
            TEMPORARY
        }
        Err(error) => ME.fatal(&[b"unable to write output"], error).code(),
    }
}

/// Writes clap's text: help to standard output, usage to standard error. Gives the exit
/// code.
pub(crate) fn usage(error: &clap::Error) -> i32 {
    let text = error.render().to_string();
    if error.use_stderr() {
        strerr::line(&[text.trim_end().as_bytes()]);
        PERMANENT
    } else {
        print(text.as_bytes())
    }
}

/// The same for a line of a log, which may have tabs.
pub(crate) fn visible(bytes: &[u8]) -> String {
    let parts: Vec<String> = bytes.split(|&byte| byte == b'\t').map(printable).collect();
    parts.join("\t")
}

/// Text for people: bytes that a terminal could take for a command are shown as escapes.
pub(crate) fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    if !text.contains(char::is_control) {
        return text.into_owned();
    }
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character.is_control() {
            true => shown.extend(character.escape_default()),
            false => shown.push(character),
        }
    }
    shown
}
