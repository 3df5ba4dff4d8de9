//! `--help` and `--version`, and a program's output on standard output.

use crate::strerr::Reporter;
use crate::unix::fd;

/// Prints the text of `--help`. Gives the exit code of [`output`].
pub fn help(me: &Reporter, text: &str) -> i32 {
    output(me, text.as_bytes())
}

/// Prints `program (daemontools-rs) version`. Gives the exit code of [`output`].
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

/// Writes all output of a program. Gives the exit code: 0, or, with a message, that of
/// a fatal error if the output could not be written.
pub fn output(me: &Reporter, bytes: &[u8]) -> i32 {
    match fd::write_all(fd::STDOUT, bytes) {
        Ok(()) => 0,
        Err(error) => me.fatal(&[b"unable to write output"], error).code(),
    }
}
