//! The signals by which svscan is told what to do. TERM, INT and HUP it takes as PID 1
//! or when asked to; otherwise they have their defaults, as in the reference, and end
//! svscan alone. By USR1 svscanboot tells it to stop, so it is always taken.

use core::ffi::CStr;

use daemontools::unix::signal::{self, Caught, Mask, Signal};
use daemontools::{Args, Result};

/// Asks for signals to be taken. As a name, the directory is `./--orderly`.
const ORDERLY: &CStr = c"--orderly";

/// The signals, as far as they are caught.
#[derive(Debug)]
pub(crate) struct Orders {
    stop: [Option<Caught>; 3],
    rescan: Option<Caught>,
}

/// By this svscanboot asks for a stop in order: svscan always takes it.
pub(crate) const STOP: Signal = Signal::SIGUSR1;
/// What svscanboot takes itself, to stop.
pub(crate) const TO_BOOT: [Signal; 3] = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP];
/// What svscan takes, all of it, as PID 1 or when asked to.
pub(crate) const ALL: [Signal; 4] = [STOP, Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP];

impl Orders {
    /// Blocks and catches the signals in `taken`. One that was inherited as ignored
    /// stays so. What lets them through is the caller's mask to wait with.
    ///
    /// # Errors
    /// What `sigaction(2)` says.
    pub(crate) fn new(taken: &[Signal]) -> Result<Self> {
        let _ = Mask::block(taken);
        let catch = |signal| match taken.contains(&signal) && !signal::is_ignored(signal) {
            true => Caught::new(signal).map(Some),
            false => Ok(None),
        };
        Ok(Self {
            stop: [
                catch(STOP)?,
                catch(Signal::SIGTERM)?,
                catch(Signal::SIGINT)?,
            ],
            rescan: catch(Signal::SIGHUP)?,
        })
    }

    /// Whether to stop everything and end.
    pub(crate) fn stop(&self) -> bool {
        // All are asked: a signal that is left would come again later.
        let mut told = false;
        for caught in self.stop.iter().flatten() {
            told |= caught.take();
        }
        told
    }

    /// Whether to look at everything now.
    pub(crate) fn rescan(&self) -> bool {
        self.rescan.as_ref().is_some_and(Caught::take)
    }
}

/// The directory that is asked for, if any, and the signals that are to be taken.
pub(crate) fn parse(args: Args) -> (Option<&'static CStr>, &'static [Signal]) {
    let mut words = args.from(1);
    match words.next() {
        Some(first) if first == ORDERLY => (words.next(), &ALL),
        first if std::process::id() == 1 => (first, &ALL),
        first => (first, &[STOP]),
    }
}
