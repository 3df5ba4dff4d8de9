//! What `diaspora-deps` and `diaspora_svc` print, and the exit codes that go with it.

use daemontools::strerr::{self, Reporter};
use daemontools::about;

use crate::Error;

/// The messages of `diaspora-deps`.
pub(crate) static ME: Reporter = Reporter::new("diaspora-deps");

/// Writes the message of an error that ends `diaspora-deps`; gives its exit code.
pub(crate) fn fatal(error: &Error) -> i32 {
    // A gate that gives up has written a line for each attempt.
    if !matches!(error, Error::GaveUp) {
        ME.fatal(&[error.to_string().as_bytes()], None);
    }
    error.exit_code()
}

/// Writes text to standard output; gives the exit code.
pub(crate) fn print(text: &str) -> i32 {
    about::output(&ME, text.as_bytes())
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
