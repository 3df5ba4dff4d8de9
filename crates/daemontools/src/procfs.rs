//! Facts about processes from `/proc`. All of `/proc` may be missing or hidden: its
//! absence is an answer and not a failure.

mod locks;
mod owner;
mod path;
mod process;
mod time;

pub use locks::{Holder, each_flock, flock_holder, holds_flock};
pub use owner::{entry_target, has_name, is_our_process, is_our_process_in, is_ours, users};
pub use path::ProcPath;
pub use process::{Process, each_pid, each_process, process, start_time};
pub use time::{TOLERANCE, age, is_start_time, ticks_now, ticks_to_duration};

use crate::strerr::Decimal;
use crate::unix::{fd, file};
use crate::{Errno, Result};

/// Whether the pids in `/proc` are those of this process's own pid namespace. A mount that
/// was made in another one has other numbers.
#[must_use]
pub fn is_of_this_namespace() -> bool {
    let mut link = [0; 16];
    let own = Decimal::new(std::process::id().into());
    file::read_link(c"/proc/self", &mut link).is_ok_and(|pid| pid == own.as_bytes())
}

/// Length of a boot id.
pub const BOOT_ID_LEN: usize = 36;

/// The id of this boot. It tells a process from one of an earlier boot with the same pid
/// and start time. `None` if the kernel has no such file.
///
/// # Errors
/// Those of `open(2)`, but for ENOENT, and of `read(2)`.
pub fn boot_id() -> Result<Option<[u8; BOOT_ID_LEN]>> {
    let mut id = [0; BOOT_ID_LEN];
    match file::open_read(c"/proc/sys/kernel/random/boot_id") {
        Ok(fd) => Ok((fd::read(fd, &mut id)? == BOOT_ID_LEN).then_some(id)),
        Err(Errno::ENOENT) => Ok(None),
        Err(error) => Err(error),
    }
}
