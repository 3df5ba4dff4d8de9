//! How this program reports to people: `supervise: warning: ...`, `supervise: fatal: ...`.

use daemontools::strerr::Reporter;

/// Never waits for the reader of standard error.
pub(crate) static REPORTER: Reporter = Reporter::long_lived("supervise");
