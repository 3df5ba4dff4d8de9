//! Whether a supervise that was taken over exited as it was told to. It is no child of this
//! svscan, so its exit code is not known; but its files tell.

use daemontools::servicedir::detail::{self, DETAIL_LEN};
use daemontools::servicedir::{Checked, SUPERVISE, SuperviseDir};

use crate::path::Path;
use crate::slot::Exit;
use crate::table::Table;

/// How a process ended that was the supervise of a service and no child of this svscan.
pub(super) fn of_adopted(table: &Table, pid: u32) -> Exit {
    let Some((number, role)) = table.find_process(pid) else {
        return Exit::Failed;
    };
    let name = table[number].name.to_bytes();
    let path = Path::new(&[name, role.suffix(), b"/", SUPERVISE.to_bytes()]);
    if path
        .is_ok_and(|path| SuperviseDir::open(path.as_c_str()).is_ok_and(|dir| tells_command(&dir)))
    {
        Exit::OnCommand
    } else {
        Exit::Failed
    }
}

/// Whether the files say that supervise exited on command: it does so only when its service
/// is down, and ours then erases the boot id from its detail file. The C original has no
/// detail file.
fn tells_command(dir: &SuperviseDir) -> bool {
    let mut text = [0; DETAIL_LEN];
    let has_boot_id = match dir.detail(&mut text) {
        Ok(Checked::Trusted(text)) => detail::lines(text).any(|(name, _)| name == b"boot"),
        Ok(Checked::Missing) => false,
        Ok(Checked::Untrusted) | Err(_) => true,
    };
    !has_boot_id && matches!(dir.status(), Ok(Checked::Trusted(status)) if status.pid == 0)
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
    fn exited_on_command_if_service_is_down_and_boot_id_erased() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path();
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
        let on_command = || {
            let path = CString::new(path.to_str().unwrap()).unwrap();
            tells_command(&SuperviseDir::open(&path).unwrap())
        };
        assert!(!on_command(), "no record");
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
        assert!(on_command(), "the C original");
        for (detail, mode, expected) in [
            ("starts 1\nboot 0123\n", 0o600, false),
            ("starts 1\nexit 0\n\n\n", 0o600, true),
            ("starts 1\n", 0o666, false),
        ] {
            write("detail", detail.as_bytes(), mode);
            assert_eq!(on_command(), expected, "{detail}");
        }
        write("detail", b"starts 1\n", 0o600);
        status.pid = 7;
        write("status", &status.pack(), 0o644);
        assert!(!on_command(), "its service runs");
    }
}
