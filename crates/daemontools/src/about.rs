//! `--help` and `--version`: what a program says of itself, on standard output.

use crate::strerr::Reporter;
use crate::unix::fd;

/// Prints the text of `--help`; gives the exit code, which says whether it got
/// out.
pub fn help(me: &Reporter, text: &str) -> i32 {
    output(me, text.as_bytes())
}

/// Prints `program (daemontools-rs) version`; gives the exit code as [`help`] does.
pub fn version(me: &Reporter) -> i32 {
    let line = [
        me.name(),
        " (daemontools-rs) ",
        env!("CARGO_PKG_VERSION"),
        "\n",
    ]
    .concat();
    output(me, line.as_bytes())
}

/// Writes a program's whole output. What can't be written is a failure with a
/// message, never lost in silence.
pub fn output(me: &Reporter, bytes: &[u8]) -> i32 {
    match fd::write_all(fd::STDOUT, bytes) {
        Ok(()) => 0,
        Err(error) => me.fatal(&[b"unable to write output"], error).code(),
    }
}
