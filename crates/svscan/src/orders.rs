//! The signals by which svscan is told what to do, where it takes any: as PID 1, or
//! when asked to. Otherwise they have their defaults, as in the reference, and end
//! svscan alone.

use core::ffi::CStr;

use daemontools::unix::signal::{self, Caught, Signal};
use daemontools::{Args, Result};

/// Asks for signals to be taken. As a name, the directory is `./--orderly`.
const ORDERLY: &CStr = c"--orderly";

/// The signals, none of them where they have their defaults.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    stop: [Option<Caught>; 2],
    rescan: Option<Caught>,
}

/// All that may be caught.
pub(crate) const SIGNALS: [Signal; 3] = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP];

impl Orders {
    /// Catches the signals. One that was inherited as ignored stays so.
    ///
    /// # Errors
    /// What `sigaction(2)` says.
    pub(crate) fn new() -> Result<Self> {
        let catch = |signal| match signal::is_ignored(signal) {
            true => Ok(None),
            false => Caught::new(signal).map(Some),
        };
        let [term, int, hup] = SIGNALS;
        Ok(Self {
            stop: [catch(term)?, catch(int)?],
            rescan: catch(hup)?,
        })
    }

    /// Whether to stop everything and end.
    pub(crate) fn stop(&self) -> bool {
        let [term, int] = self
            .stop
            .each_ref()
            .map(|caught| caught.as_ref().is_some_and(Caught::take));
        term || int
    }

    /// Whether to look at everything now.
    pub(crate) fn rescan(&self) -> bool {
        self.rescan.as_ref().is_some_and(Caught::take)
    }
}

/// The directory that is asked for, if any, and whether signals are to be taken.
pub(crate) fn parse(args: Args) -> (Option<&'static CStr>, bool) {
    match args.get(1) {
        Some(first) if first == ORDERLY => (args.get(2), true),
        first => (first, std::process::id() == 1),
    }
}
