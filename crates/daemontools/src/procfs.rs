//! What `/proc` tells about a process. All of it may be missing: a caller that gets
//! `None` does without.

mod locks;
mod process;
mod who;

use core::ffi::CStr;
use core::time::Duration;

pub use locks::{Holder, each_flock, holder, holds_flock};
pub use process::{Process, each_pid, each_process, process};
pub use who::{is_called, is_ours, is_ours_and, leads_to, works_as};

use crate::strerr::Decimal;
use crate::tai64n::Tai64n;
use crate::unix::{clock, fd, file};
use crate::{Errno, Result};

/// Length of a boot id.
pub const BOOT_ID_LEN: usize = 36;

/// The id of this boot, which tells a process from one with the same pid and start
/// time of an earlier boot. `None` where the kernel has none to tell.
///
/// # Errors
/// What opening and reading say, but for a file that is not there.
pub fn boot_id() -> Result<Option<[u8; BOOT_ID_LEN]>> {
    let mut id = [0; BOOT_ID_LEN];
    match file::open_read(c"/proc/sys/kernel/random/boot_id") {
        Ok(fd) => Ok((fd::read(fd, &mut id)? == BOOT_ID_LEN).then_some(id)),
        Err(Errno::ENOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// When a process started, in clock ticks since boot; `None` if there is none, or
/// only what is left of one that has ended.
#[must_use]
pub fn start_time(pid: u32) -> Option<u64> {
    let process = process(pid).ok()?;
    (!process.has_ended()).then_some(process.born)
}

/// The path of a file that tells about a process.
struct Entry([u8; 48]);

impl Entry {
    fn new(pid: u32, file: &[u8]) -> Self {
        Self::of(&[b"/proc/", Decimal::new(u64::from(pid)).as_bytes(), file])
    }

    /// The path that these parts make; empty, which leads nowhere, if it is too long
    /// for any file of `/proc` that is asked for.
    fn of(parts: &[&[u8]]) -> Self {
        let mut path = [0; 48];
        let mut len = 0;
        for part in parts {
            let Some(room) = path[..47].get_mut(len..len + part.len()) else {
                return Self([0; 48]);
            };
            room.copy_from_slice(part);
            len += part.len();
        }
        Self(path)
    }

    fn path(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.0).unwrap_or(c"")
    }
}

const NANOS: u64 = 1_000_000_000;

/// How far a record's time and a process's start may be apart where the record is
/// all there is. It is written right after the fork, but on a busy machine "right
/// after" takes its time. A pid is not used twice within a second.
pub const TOLERANCE: Duration = Duration::from_secs(1);

/// How many clock ticks there have been since boot.
#[must_use]
pub fn ticks() -> u64 {
    let since = clock::since_boot();
    let each = u64::from(clock::ticks_per_second());
    since.as_secs() * each + u64::from(since.subsec_nanos()) * each / NANOS
}

/// How long after boot so many ticks are.
#[must_use]
pub fn after_boot(ticks: u64) -> Duration {
    let each = u64::from(clock::ticks_per_second());
    Duration::from_secs(ticks / each) + Duration::from_nanos(ticks % each * NANOS / each)
}

/// How long ago a process started that started `born` ticks after boot.
#[must_use]
pub fn age(born: u64) -> Duration {
    clock::since_boot().saturating_sub(after_boot(born))
}

/// Whether a record's time is when a process that is `age` old was started.
#[must_use]
pub fn agrees(since: Tai64n, now: Tai64n, age: Duration) -> bool {
    let nanos =
        |time: Tai64n| i128::from(time.unix_seconds()) * 1_000_000_000 + i128::from(time.nanos);
    let Ok(age) = i128::try_from(age.as_nanos()) else {
        return false;
    };
    (nanos(now) - age - nanos(since)).unsigned_abs() <= TOLERANCE.as_nanos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_agrees_with_a_start_within_a_second() {
        let now = Tai64n::from_unix(1000, 500_000_000);
        let age = Duration::from_millis(100_010);
        for (seconds, nanos, same) in [
            (900, 490_000_000, true),
            (900, 0, true),
            (901, 480_000_000, true),
            (899, 480_000_000, false),
            (901, 500_000_000, false),
            (i64::MIN, 0, false),
        ] {
            let since = Tai64n::from_unix(seconds, nanos);
            assert_eq!(agrees(since, now, age), same, "{seconds}.{nanos}");
        }
    }

    #[test]
    fn ticks_are_counted_for_longer_than_any_machine_runs() {
        let each = u64::from(clock::ticks_per_second());
        assert_eq!(after_boot(each * 3 / 2), Duration::from_millis(1500));
        let century = 100 * 366 * 86_400;
        assert_eq!(after_boot(each * century), Duration::from_secs(century));
        assert_eq!(after_boot(u64::MAX).as_secs(), u64::MAX / each);
    }

    #[test]
    fn a_process_is_known_by_its_name() {
        let own = std::fs::read("/proc/self/comm").expect("a name");
        // The thread that runs the test may have another name than the process.
        let pid = std::process::id();
        let own = std::fs::read(format!("/proc/{pid}/comm")).unwrap_or(own);
        assert_eq!(is_called(pid, own.trim_ascii_end()), Ok(true));
        assert_eq!(is_called(pid, b"another"), Ok(false));
        assert_eq!(is_called(u32::MAX, b"another"), Err(Errno::ENOENT));
    }

    #[test]
    fn this_process_has_one() {
        assert!(start_time(std::process::id()).is_some());
        assert_eq!(start_time(u32::MAX), None);
    }
}
