//! The terminal: whether a descriptor is one, and which process group it obeys.

use std::os::fd::AsFd;

use super::process::Pid;
use super::signal::{Mask, Signal};
use crate::Result;

/// Whether a descriptor is a terminal.
#[must_use]
pub fn is_terminal(fd: impl AsFd) -> bool {
    nix::unistd::isatty(fd).unwrap_or(false)
}

/// Gives the terminal to a process group of this session: its keys signal that group, and
/// only that group reads from it. A process in the background may call this too.
///
/// # Errors
/// Those of `tcsetpgrp(3)`: ENOTTY if it is no terminal or not that of this session.
pub fn set_foreground(terminal: impl AsFd, group: Pid) -> Result<()> {
    // Else the kernel stops a process in the background.
    let mask = Mask::block(&[Signal::SIGTTOU]);
    let set = nix::unistd::tcsetpgrp(terminal, group);
    mask.install();
    set
}
