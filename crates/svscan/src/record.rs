//! The status records that supervises write, as far as they are believed.

use core::ffi::CStr;

use daemontools::Result;
use daemontools::servicedir::status::{Status, Want};
use daemontools::servicedir::{Checked, SUPERVISE, SuperviseDir};

use crate::path::Path;

/// The status record of the service directory `name`, if nobody else may have written it.
///
/// # Errors
/// Those of opening and reading.
pub(crate) fn read(name: &CStr) -> Result<Checked<Status>> {
    let path = Path::new(&[name.to_bytes(), b"/", SUPERVISE.to_bytes()])?;
    SuperviseDir::open(path.as_c_str())?.status()
}

/// Whether the record of the directory `name` is believed and satisfies `condition`.
pub(crate) fn says(name: &CStr, condition: impl FnOnce(Status) -> bool) -> bool {
    matches!(read(name), Ok(Checked::Trusted(status)) if condition(status))
}

/// Whether a service is up, wanted up and not paused: only then a restart of its supervise
/// leaves it in the same state.
pub(crate) fn is_plainly_up(name: &CStr) -> bool {
    says(name, |status| {
        status.pid != 0 && status.want == Want::Up && !status.paused
    })
}
