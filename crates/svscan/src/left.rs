//! Whether a supervise that was taken over left as it was told to. It is no child of
//! ours, so its exit code is not to be had; but a supervise that leaves says so.

use daemontools::servicedir::detail::{self, DETAIL_LEN};
use daemontools::servicedir::{Checked, SUPERVISE, SuperviseDir};

use crate::pair;
use crate::path::Path;
use crate::slot::Cause;
use crate::table::Table;

/// Why a process has ended that was the supervise of a service and no child of ours.
pub(crate) fn cause(table: &Table, pid: u32) -> Cause {
    let Some((slot, role)) = table.holder(pid) else {
        return Cause::Crash;
    };
    let name = table.name(slot).to_bytes();
    let path = Path::new(&[name, pair::suffix(role), b"/", SUPERVISE.to_bytes()]);
    if path
        .is_ok_and(|path| SuperviseDir::open(path.as_c_str()).is_ok_and(|own| says_it_left(&own)))
    {
        Cause::Told
    } else {
        Cause::Crash
    }
}

/// A supervise leaves only when its service is down, and ours then erases the boot in
/// which it was in charge. The C original leaves no detail file.
fn says_it_left(own: &SuperviseDir) -> bool {
    let mut text = [0; DETAIL_LEN];
    let in_charge = match own.detail(&mut text) {
        Ok(Checked::Trusted(text)) => detail::lines(text).any(|(name, _)| name == b"boot"),
        Ok(Checked::Missing) => false,
        Ok(Checked::Untrusted) | Err(_) => true,
    };
    !in_charge && matches!(own.status(), Ok(Checked::Trusted(status)) if status.pid == 0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::ffi::CString;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use daemontools::servicedir::status::{Status, Want};
    use daemontools::tai64n::Tai64n;

    use super::*;

    #[test]
    fn it_left_if_it_says_so_and_nothing_runs() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path();
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
        let left = || {
            let path = CString::new(path.to_str().unwrap()).unwrap();
            says_it_left(&SuperviseDir::open(&path).unwrap())
        };
        assert!(!left(), "no record");
        let mut status = Status {
            since: Tai64n::from_unix(1_700_000_000, 0),
            pid: 0,
            paused: false,
            want: Want::Down,
        };
        let write = |name: &str, bytes: &[u8], mode| {
            fs::write(path.join(name), bytes).unwrap();
            fs::set_permissions(path.join(name), fs::Permissions::from_mode(mode)).unwrap();
        };
        write("status", &status.pack(), 0o644);
        assert!(left(), "the C original");
        for (detail, mode, answer) in [
            ("starts 1\nboot 0123\n", 0o600, false),
            ("starts 1\nexit 0\n\n\n", 0o600, true),
            ("starts 1\n", 0o666, false),
        ] {
            write("detail", detail.as_bytes(), mode);
            assert_eq!(left(), answer, "{detail}");
        }
        write("detail", b"starts 1\n", 0o600);
        status.pid = 7;
        write("status", &status.pack(), 0o644);
        assert!(!left(), "its service runs");
    }
}
