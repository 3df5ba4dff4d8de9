//! What the input is read from.

use daemontools::unix::file::{Facts, Identity, Kind};
use daemontools::unix::{fd, file};

/// Device and inode of standard input; zeros if unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Source {
    pub(super) device: u64,
    pub(super) inode: u64,
}

impl From<Identity> for Source {
    fn from(identity: Identity) -> Self {
        Self {
            device: identity.device,
            inode: identity.inode,
        }
    }
}

/// Whether standard input is something whose available bytes come whole or not at
/// all.
pub(crate) const fn is_exact(source: &Facts) -> bool {
    matches!(source.kind, Kind::Fifo | Kind::Regular)
}

/// Facts of standard input, if it is open.
pub(crate) fn source() -> Option<Facts> {
    file::fstat(fd::STDIN).ok()
}
