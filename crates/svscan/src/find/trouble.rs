//! Names that lead nowhere now. They are remembered, so that their trouble is said once
//! and not every five seconds, and so that they are found when it ends.

use core::ffi::CStr;

use daemontools::Errno;
use daemontools::unix::file;

use crate::ME;
use crate::arrival::Manner;
use crate::path;
use crate::work::Svscan;

/// A name that could not be looked at, or that is a link to something other than a
/// directory: the only names of which a scan learns more without any change in the
/// scan directory itself.
#[derive(Debug)]
pub(crate) struct Trouble {
    /// The name, with its NUL.
    name: Vec<u8>,
    /// What was said of it.
    said: Option<Errno>,
    /// Whether the scan that goes on has met it.
    pub(super) met: bool,
}

impl Trouble {
    pub(super) fn name(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.name).unwrap_or(c"")
    }
}

impl Svscan {
    /// A name can't be used now; says so unless that was said before.
    pub(super) fn trouble(&mut self, name: &CStr, suffix: &[u8], error: Option<Errno>) {
        let known = self.troubles.iter().position(|known| known.name() == name);
        if known.is_none_or(|known| self.troubles[known].said != error)
            && let Some(error) = error
        {
            ME.warning(&[b"unable to stat ", name.to_bytes(), suffix], error);
        }
        if let Some(known) = known {
            self.troubles[known].said = error;
            self.troubles[known].met = true;
            return;
        }
        let bytes = name.to_bytes_with_nul();
        let mut name = Vec::new();
        if name.try_reserve_exact(bytes.len()).is_ok() && self.troubles.try_reserve(1).is_ok() {
            name.extend_from_slice(bytes);
            self.troubles.push(Trouble {
                name,
                said: error,
                met: true,
            });
        }
    }

    /// Looks again at the names that led nowhere.
    pub(super) fn look_at_troubles(&mut self) {
        for index in (0..self.troubles.len()).rev() {
            // Considering a name may end its trouble.
            let Some(trouble) = self.troubles.get(index) else {
                continue;
            };
            let name = path::of_name(trouble.name());
            let name = name.as_c_str();
            if file::lstat(name).is_err() {
                self.troubles.swap_remove(index);
            } else {
                self.consider(name, Manner::Linked, self.table.len());
            }
        }
    }
}
