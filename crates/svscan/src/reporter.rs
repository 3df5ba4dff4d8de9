//! The messages of svscan and svinit: those to people, on standard error.

use core::ops::Deref;
use core::sync::atomic::{AtomicBool, Ordering};

use daemontools::strerr::Reporter;

/// Writes them, under the name of the program that runs. It never waits for the reader.
pub(crate) static REPORTER: Running = Running {
    is_svinit: AtomicBool::new(false),
};

static SVSCAN: Reporter = Reporter::long_lived("svscan");
static SVINIT: Reporter = Reporter::long_lived("svinit");

/// The reporter of the program that runs.
#[derive(Debug)]
pub(crate) struct Running {
    is_svinit: AtomicBool,
}

impl Running {
    /// The program that runs is svinit.
    pub(crate) fn is_svinit(&self) {
        self.is_svinit.store(true, Ordering::Relaxed);
    }
}

impl Deref for Running {
    type Target = Reporter;

    fn deref(&self) -> &Reporter {
        match self.is_svinit.load(Ordering::Relaxed) {
            true => &SVINIT,
            false => &SVSCAN,
        }
    }
}
