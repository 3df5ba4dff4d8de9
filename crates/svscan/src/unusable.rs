//! Names in the scan directory that lead to no service now. They are remembered, so that
//! each failure is reported once and not every five seconds, and so that scans look at them
//! again.

use core::ffi::CStr;
use std::ffi::CString;

use daemontools::Errno;
use log::debug;

use crate::reporter::REPORTER;
use crate::table::owned;

/// A name that could not be looked at, or a link to something other than a directory. What
/// it leads to may change without a change in the scan directory.
#[derive(Debug)]
struct Unusable {
    name: CString,
    /// The error that was reported; `None` for a link to something other than a directory.
    error: Option<Errno>,
    /// The scan that is under way has found the name.
    met: bool,
}

/// All such names.
#[derive(Debug, Default)]
pub(crate) struct UnusableNames {
    names: Vec<Unusable>,
}

impl UnusableNames {
    /// Adds a name or updates its error. Reports the error unless it is the one reported
    /// last. `suffix` follows the name in the message.
    pub(crate) fn add(&mut self, name: &CStr, suffix: &[u8], error: Option<Errno>) {
        let known = self.names.iter_mut().find(|known| *known.name == *name);
        if known.as_ref().is_none_or(|known| known.error != error) {
            if let Some(error) = error {
                debug!("{name:?}: is no service now: {error}");
                REPORTER.warning(&[b"unable to stat ", name.to_bytes(), suffix], error);
            } else {
                debug!("{name:?}: is a link to no directory");
            }
        }
        if let Some(known) = known {
            known.error = error;
            known.met = true;
        } else if let Ok(name) = owned(name)
            && self.names.try_reserve(1).is_ok()
        {
            self.names.push(Unusable {
                name,
                error,
                met: true,
            });
        }
    }

    /// The name leads to a service now.
    pub(crate) fn remove(&mut self, name: &CStr) {
        self.names.retain(|known| *known.name != *name);
    }

    /// A scan of the whole directory begins.
    pub(crate) fn begin_scan(&mut self) {
        for known in &mut self.names {
            known.met = false;
        }
    }

    /// The scan has seen every name: forgets those that it has not met.
    pub(crate) fn end_scan(&mut self) {
        self.names.retain(|known| known.met);
    }

    /// The number of names.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// The name at a place; none beyond the last.
    pub(crate) fn get(&self, place: usize) -> Option<&CStr> {
        self.names.get(place).map(|known| known.name.as_c_str())
    }
}
