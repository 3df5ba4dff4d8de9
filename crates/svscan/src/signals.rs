//! The signals that stop svscan or have it scan. TERM, INT and HUP are caught as process 1
//! or with `--orderly`; otherwise they keep their defaults, as in the reference, and end
//! svscan alone. USR1 is always caught: svscanboot stops svscan by it.

use core::ffi::CStr;

use daemontools::unix::signal::{self, Caught, Mask, Signal};
use daemontools::{Args, Result};

/// The option to catch all of [`ALL`]. A directory of that name is `./--orderly`.
const ORDERLY: &CStr = c"--orderly";

/// The caught signals.
#[derive(Debug)]
pub(crate) struct Signals {
    stop: Vec<Caught>,
    scan: Option<Caught>,
}

/// Stops svscan and all services in order.
pub(crate) const STOP: Signal = Signal::SIGUSR1;
/// What svscanboot catches, each to stop.
pub(crate) const BOOT: [Signal; 3] = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP];
/// What svscan catches as process 1 or with the option.
const ALL: [Signal; 4] = [STOP, Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP];

/// RTMIN+3, by its distance from RTMIN.
pub(crate) const HALT: i32 = 3;
/// What svinit catches. The last one only where no terminal can send it.
const INIT: [Signal; 7] = [
    STOP,
    Signal::SIGTERM,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGPWR,
    Signal::SIGHUP,
    Signal::SIGWINCH,
];

/// The signals that svinit catches.
pub(crate) fn of_init(has_terminal: bool) -> &'static [Signal] {
    match has_terminal {
        true => &INIT[..INIT.len() - 1],
        false => &INIT,
    }
}

impl Signals {
    /// Blocks and catches `signals`, but for those that were inherited as ignored. The
    /// caller lets them through by the mask that it waits with.
    ///
    /// # Errors
    /// Those of `sigaction(2)`.
    pub(crate) fn catch(signals: &[Signal]) -> Result<Self> {
        let _ = Mask::block(signals);
        let mut caught = Self {
            stop: Vec::new(),
            scan: None,
        };
        for &signal in signals {
            match signal {
                _ if signal::is_ignored(signal) => {}
                Signal::SIGHUP => caught.scan = Some(Caught::new(signal)?),
                _ => caught.stop.push(Caught::new(signal)?),
            }
        }
        Ok(caught)
    }

    /// Blocks and catches RTMIN+3 too, to stop: the word for it that a container manager
    /// has for systemd.
    ///
    /// # Errors
    /// Those of `sigaction(2)`.
    pub(crate) fn catch_halt(&mut self) -> Result<()> {
        Mask::block_real_time(HALT);
        self.stop.push(Caught::real_time(HALT)?);
        Ok(())
    }

    /// Whether a signal to stop came since the last call.
    pub(crate) fn take_stop(&self) -> bool {
        // Each is taken: one that is left would count at the next call.
        let mut came = false;
        for caught in &self.stop {
            came |= caught.take();
        }
        came
    }

    /// Whether HUP came since the last call.
    pub(crate) fn take_scan(&self) -> bool {
        self.scan.as_ref().is_some_and(Caught::take)
    }
}

/// The directory of the command line, if any, and the signals to catch.
pub(crate) fn parse(args: Args) -> (Option<&'static CStr>, &'static [Signal]) {
    let mut words = args.from(1);
    match words.next() {
        Some(first) if first == ORDERLY => (words.next(), &ALL),
        first if std::process::id() == 1 => (first, &ALL),
        first => (first, &[STOP]),
    }
}
