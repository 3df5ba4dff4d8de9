//! Signals: catching and ignoring them, and restoring for a child what was inherited.

use core::ffi::c_int;
use core::sync::atomic::{AtomicU64, Ordering};

pub use nix::sys::signal::Signal;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, SigmaskHow};

use crate::Result;

/// A set of blocked signals.
#[derive(Clone, Copy, Debug)]
pub struct Mask(SigSet);

impl Mask {
    /// Blocks `signals`. Gives the old mask.
    #[must_use]
    pub fn block(signals: &[Signal]) -> Self {
        let mut set = SigSet::empty();
        for &signal in signals {
            set.add(signal);
        }
        // Fails only for a `how` that does not exist.
        Self(
            set.thread_swap_mask(SigmaskHow::SIG_BLOCK)
                .unwrap_or(SigSet::empty()),
        )
    }

    /// Blocks all signals that can be blocked. Gives the old mask.
    #[must_use]
    pub fn block_all() -> Self {
        // Fails only for a `how` that does not exist.
        let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK);
        Self(before.unwrap_or(SigSet::empty()))
    }

    /// This mask without `signals`.
    #[must_use]
    pub fn without(mut self, signals: &[Signal]) -> Self {
        for &signal in signals {
            self.0.remove(signal);
        }
        self
    }

    /// Blocks the real-time signal `RTMIN + offset`, which [`Signal`] does not have.
    pub fn block_real_time(offset: c_int) {
        let mut raw = *SigSet::empty().as_ref();
        // SAFETY: the set is a valid one, and a wrong number is refused.
        unsafe { libc::sigaddset(&raw mut raw, real_time(offset)) };
        // SAFETY: the set was initialised above.
        let set = unsafe { SigSet::from_sigset_t_unchecked(raw) };
        let _ = set.thread_block();
    }

    /// This mask without the real-time signal `RTMIN + offset`.
    #[must_use]
    pub fn without_real_time(self, offset: c_int) -> Self {
        let mut raw = *self.0.as_ref();
        // SAFETY: the set is a valid one, and a wrong number is refused.
        unsafe { libc::sigdelset(&raw mut raw, real_time(offset)) };
        // SAFETY: it was a valid set before.
        Self(unsafe { SigSet::from_sigset_t_unchecked(raw) })
    }

    /// Makes this the mask of the process.
    pub fn install(&self) {
        let _ = self.0.thread_set_mask();
    }

    pub(super) const fn set(&self) -> SigSet {
        self.0
    }
}

/// The signals that were caught and not yet taken, one bit each. One word for all, because
/// a flag on the heap for each would cost a page of memory.
static CAUGHT: AtomicU64 = AtomicU64::new(0);

/// The bit of a signal in [`CAUGHT`]; 0 for a number that is no signal.
const fn bit(signal: c_int) -> u64 {
    match signal {
        1..=64 => 1 << (signal - 1),
        _ => 0,
    }
}

/// The handler.
extern "C" fn note(signal: c_int) {
    CAUGHT.fetch_or(bit(signal), Ordering::Relaxed);
}

/// The first real-time signal, as glibc counts and so all who send one: container managers
/// send `RTMIN+3` by this number whatever C library a program has. musl counts from 35.
const RTMIN: c_int = 34;

/// The number of a real-time signal.
const fn real_time(offset: c_int) -> c_int {
    RTMIN + offset
}

/// A caught signal, by its number.
#[derive(Debug)]
pub struct Caught(c_int);

impl Caught {
    /// Catches `signal` from now on. An exec'ed program gets the default action.
    ///
    /// # Errors
    /// Those of `sigaction(2)`.
    pub fn new(signal: Signal) -> Result<Self> {
        let handler = SigHandler::Handler(note);
        let action = SigAction::new(handler, SaFlags::SA_RESTART, SigSet::empty());
        // SAFETY: the handler changes one atomic word and does nothing else.
        unsafe { nix::sys::signal::sigaction(signal, &action) }?;
        Ok(Self(signal as c_int))
    }

    /// Catches the real-time signal `RTMIN + offset` from now on.
    ///
    /// # Errors
    /// Those of `sigaction(2)`.
    pub fn real_time(offset: c_int) -> Result<Self> {
        let signal = real_time(offset);
        let mut action = core::mem::MaybeUninit::<libc::sigaction>::zeroed();
        // SAFETY: all zeroes is a valid `sigaction`: no flags and an empty mask.
        let action = unsafe { action.assume_init_mut() };
        action.sa_sigaction = note as *const () as libc::sighandler_t;
        action.sa_flags = libc::SA_RESTART;
        // SAFETY: the handler changes one atomic word and does nothing else.
        let caught = unsafe { libc::sigaction(signal, action, core::ptr::null_mut()) };
        crate::Errno::result(caught).map(|_| Self(signal))
    }

    /// Whether it has arrived since the last call.
    #[must_use]
    pub fn take(&self) -> bool {
        let bit = bit(self.0);
        CAUGHT.fetch_and(!bit, Ordering::Relaxed) & bit != 0
    }
}

/// The handler of [`exit_on`].
extern "C" fn exit(signal: c_int) {
    // SAFETY: it ends the process at once, and a signal handler may call it.
    unsafe { libc::_exit(128 + signal) }
}

/// Exits with 128 and the number of the signal when one of `signals` arrives, as a shell
/// tells of a program that a signal has ended. For process 1 of a container, which the
/// kernel does not let a signal end by default. A signal that is ignored stays so; an
/// exec'ed program gets the default action.
pub fn exit_on(signals: &[Signal]) {
    let action = SigAction::new(SigHandler::Handler(exit), SaFlags::empty(), SigSet::empty());
    for &signal in signals {
        if !is_ignored(signal) {
            // SAFETY: the handler ends the process and does nothing else.
            let _ = unsafe { nix::sys::signal::sigaction(signal, &action) };
        }
    }
}

/// Signals that a long-lived program ignores: neither a dead reader of standard error nor
/// a limit on the size of files may end it.
const DEADLY: [Signal; 2] = [Signal::SIGPIPE, Signal::SIGXFSZ];

/// Which of these signals had their default action before [`harden`].
#[derive(Clone, Copy, Debug)]
pub struct Inherited {
    default: [bool; DEADLY.len()],
}

/// Ignores SIGPIPE and SIGXFSZ. Gives what was inherited.
#[must_use]
pub fn harden() -> Inherited {
    Inherited {
        default: DEADLY.map(|signal| {
            matches!(
                dispose(signal, SigHandler::SigIgn),
                Some(SigHandler::SigDfl)
            )
        }),
    }
}

impl Inherited {
    /// Restores what was inherited, in a child before its exec.
    pub fn restore(&self) {
        for (signal, default) in DEADLY.into_iter().zip(self.default) {
            if default {
                dispose(signal, SigHandler::SigDfl);
            }
        }
    }
}

/// Restores the default action of a signal, in a child before its exec: else a signal that
/// arrives before the exec is caught and lost.
pub fn default(signal: Signal) {
    dispose(signal, SigHandler::SigDfl);
}

/// Ends this process by a signal that it catches, so that its parent sees the signal.
/// Returns only if the signal does not end it.
pub fn end_by(signal: Signal) {
    default(signal);
    let _ = nix::sys::signal::raise(signal);
    let mut set = SigSet::empty();
    set.add(signal);
    let _ = set.thread_unblock();
}

/// Whether a signal is ignored.
#[must_use]
pub fn is_ignored(signal: Signal) -> bool {
    let mut action = core::mem::MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: the kernel writes one `sigaction` and changes nothing.
    let read = unsafe { libc::sigaction(signal as i32, core::ptr::null(), action.as_mut_ptr()) };
    // SAFETY: all zeroes is a valid `sigaction` too.
    let action = unsafe { action.assume_init() };
    read == 0 && action.sa_sigaction == libc::SIG_IGN
}

/// Ignores a signal, in a child whose program has to inherit it so.
pub fn ignore(signal: Signal) {
    dispose(signal, SigHandler::SigIgn);
}

/// Sets the action of a signal. Gives the old one.
fn dispose(signal: Signal, handler: SigHandler) -> Option<SigHandler> {
    let action = SigAction::new(handler, SaFlags::empty(), SigSet::empty());
    // SAFETY: neither SIG_IGN nor SIG_DFL runs code of ours.
    unsafe { nix::sys::signal::sigaction(signal, &action) }
        .ok()
        .map(|old| old.handler())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caught_signal_is_taken_once_and_separately() {
        let first = Caught::new(Signal::SIGUSR1).expect("sigaction");
        let second = Caught::new(Signal::SIGUSR2).expect("sigaction");
        nix::sys::signal::raise(Signal::SIGUSR2).expect("raise");
        assert!(!first.take());
        assert!(second.take());
        assert!(!second.take());
    }
}
