//! svscan's messages: those to people, on standard error.

use daemontools::strerr::Reporter;

/// Writes them. It never waits for the reader.
pub(crate) static REPORTER: Reporter = Reporter::long_lived("svscan");
