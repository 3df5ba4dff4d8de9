//! The signal dispositions and the mask that this process inherited. They are changed at
//! the start, and processors get them as they were.

use std::sync::OnceLock;

use daemontools::unix::signal::{Inherited, Mask, Signal, harden};

static INHERITED: OnceLock<(Inherited, Mask)> = OnceLock::new();

/// Blocks TERM and ALRM, ignores the signals that would kill a logger, and remembers what
/// was inherited. Gives the inherited mask.
pub(crate) fn change() -> Mask {
    let mask = Mask::block(&[Signal::SIGTERM, Signal::SIGALRM]);
    let _ = INHERITED.set((harden(), mask));
    mask
}

/// In a child, before an exec: restores what was inherited.
pub(crate) fn restore() {
    if let Some((signals, mask)) = INHERITED.get() {
        signals.restore();
        mask.install();
    }
}
