//! What `/proc` tells about a process. All of it may be missing: a caller that gets
//! `None` does without.

use core::ffi::CStr;

use crate::strerr::Decimal;
use crate::unix::{fd, file};

/// Length of a boot id.
pub const BOOT_ID_LEN: usize = 36;

/// The id of this boot, which tells a process from one with the same pid and start
/// time of an earlier boot.
#[must_use]
pub fn boot_id() -> Option<[u8; BOOT_ID_LEN]> {
    let mut id = [0; BOOT_ID_LEN];
    let fd = file::open_read(c"/proc/sys/kernel/random/boot_id").ok()?;
    (fd::read(fd, &mut id) == Ok(BOOT_ID_LEN)).then_some(id)
}

/// When a process started, in clock ticks since boot; `None` if there is none, or
/// only what is left of one that has ended.
#[must_use]
pub fn start_time(pid: u32) -> Option<u64> {
    let mut path = [0; 32];
    let mut len = 0;
    for part in [b"/proc/", Decimal::new(u64::from(pid)).as_bytes(), b"/stat"] {
        path[len..len + part.len()].copy_from_slice(part);
        len += part.len();
    }
    let path = CStr::from_bytes_until_nul(&path).ok()?;
    let fd = file::open_read(path).ok()?;
    // The fields up to the 22nd take less, even with the longest name.
    let mut stat = [0; 512];
    let count = fd::read(fd, &mut stat).ok()?;
    parse_start_time(&stat[..count])
}

/// Field 22 of `/proc/PID/stat`. The name, field 2, is in parentheses and may hold
/// anything, parentheses too.
fn parse_start_time(stat: &[u8]) -> Option<u64> {
    let name_end = stat.iter().rposition(|&byte| byte == b')')?;
    let mut fields = stat.get(name_end + 2..)?.split(|&byte| byte == b' ');
    let state = fields.next()?;
    if matches!(state, b"Z" | b"X" | b"x") {
        return None;
    }
    let field = fields.nth(18)?;
    str::from_utf8(field).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_time_is_found_behind_any_name() {
        let rest = "1 2 3 0 -1 4194560 92 0 0 0 0 0 0 0 20 0 1 0 987654 2318336 19";
        for name in ["cat", "a b) S (c", ""] {
            let stat = format!("42 ({name}) S {rest}");
            assert_eq!(parse_start_time(stat.as_bytes()), Some(987_654));
            let dead = format!("42 ({name}) Z {rest}");
            assert_eq!(parse_start_time(dead.as_bytes()), None);
        }
        assert_eq!(parse_start_time(b"42 (cat) S 1 2"), None);
        assert_eq!(parse_start_time(b""), None);
    }

    #[test]
    fn this_process_has_one() {
        assert!(start_time(std::process::id()).is_some());
        assert_eq!(start_time(u32::MAX), None);
    }
}
