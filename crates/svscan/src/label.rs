//! How diagnostics show a service.

use core::ffi::CStr;
use core::fmt::{Display, Formatter, Result};

use daemontools::unix::clock::Monotonic;

use crate::slot::{Role, Slot};

/// A supervise: `"name"` is the service's, `"name/log"` its logger's. Other bytes than
/// printable ASCII are escaped, as in the `Debug` of a [`CStr`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Label<'a>(&'a CStr, Role);

impl<'a> Label<'a> {
    /// The label of one supervise of a service.
    pub(crate) fn new(slot: &'a Slot, role: Role) -> Self {
        Self(&slot.name, role)
    }
}

impl Display for Label<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        let (name, suffix) = (self.0.to_bytes(), self.1.suffix());
        write!(out, "\"{}{}\"", name.escape_ascii(), suffix.escape_ascii())
    }
}

/// What follows the end of a supervise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NextStart<'a>(&'a Slot, Role, Monotonic);

impl<'a> NextStart<'a> {
    /// Of a supervise that has ended before `now`.
    pub(crate) const fn new(slot: &'a Slot, role: Role, now: Monotonic) -> Self {
        Self(slot, role, now)
    }
}

impl Display for NextStart<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        let Self(slot, role, now) = *self;
        match slot.next_start(role) {
            _ if slot.is_stopping() => out.write_str("svscan stops"),
            _ if !slot.listed => out.write_str("is not listed, not started again"),
            Some(at) => write!(out, "may start in {:?}", at.since(now)),
            None => out.write_str("waits for the next scan"),
        }
    }
}
