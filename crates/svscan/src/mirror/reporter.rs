//! The messages of the mirror, which only svinit makes.

use daemontools::strerr::Reporter;

/// Writes them. It never waits for the reader.
pub(super) static ME: Reporter = Reporter::long_lived("svinit");
