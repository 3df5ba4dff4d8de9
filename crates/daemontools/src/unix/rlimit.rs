//! Resource limits of a process, with 64 bits on every platform.

use core::mem::MaybeUninit;

pub use nix::sys::resource::Resource;

use crate::{Errno, Result};

/// The soft and the hard limit; `u64::MAX` for no limit.
///
/// # Errors
/// Those of `getrlimit(2)`.
pub fn get(resource: Resource) -> Result<(u64, u64)> {
    let mut limit = MaybeUninit::<libc::rlimit64>::uninit();
    // SAFETY: the kernel writes one `rlimit64`.
    let result = unsafe { libc::getrlimit64(resource as _, limit.as_mut_ptr()) };
    Errno::result(result)?;
    // SAFETY: it was written, or the call had failed.
    let limit = unsafe { limit.assume_init() };
    Ok((limit.rlim_cur, limit.rlim_max))
}

/// Sets the soft and the hard limit.
///
/// # Errors
/// Those of `setrlimit(2)`.
pub fn set(resource: Resource, (soft, hard): (u64, u64)) -> Result<()> {
    let limit = libc::rlimit64 {
        rlim_cur: soft,
        rlim_max: hard,
    };
    // SAFETY: the kernel reads one `rlimit64`.
    Errno::result(unsafe { libc::setrlimit64(resource as _, &raw const limit) }).map(drop)
}

/// Raises the limit on open descriptors to the hard limit. Gives the old limit, for
/// children; `None` if it could not be read.
pub fn raise_descriptors() -> Option<(u64, u64)> {
    let before = get(Resource::RLIMIT_NOFILE).ok()?;
    let _ = set(Resource::RLIMIT_NOFILE, (before.1, before.1));
    Some(before)
}

/// Restores the limit on open descriptors that [`raise_descriptors`] gave.
pub fn restore_descriptors(limit: (u64, u64)) {
    let _ = set(Resource::RLIMIT_NOFILE, limit);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_past_32_bits_is_kept() {
        // Files of this size no test writes.
        let limit = (5 << 30, get(Resource::RLIMIT_FSIZE).expect("a limit").1);
        set(Resource::RLIMIT_FSIZE, limit).expect("set");
        assert_eq!(get(Resource::RLIMIT_FSIZE), Ok(limit));
    }
}
