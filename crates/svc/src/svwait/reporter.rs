//! The messages of svwait.

use daemontools::strerr::Reporter;

pub(super) static ME: Reporter = Reporter::new("svwait");
