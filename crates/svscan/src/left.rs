//! Whether a supervise that was taken over left as it was told to. It is no child of
//! ours, so its exit code is not to be had; but a supervise that leaves says so.

use daemontools::servicedir::{Own, SUPERVISE, Told};

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
    if path.is_ok_and(|path| Own::open(path.as_c_str()).is_ok_and(|own| says_it_left(&own))) {
        Cause::Told
    } else {
        Cause::Crash
    }
}

/// A supervise leaves only when its service is down, and ours then erases the boot in
/// which it was in charge. The C original leaves no detail file.
fn says_it_left(own: &Own) -> bool {
    let mut text = [0; 512];
    let in_charge = match own.detail(&mut text) {
        Ok(Told::By(text)) => text
            .split(|&byte| byte == b'\n')
            .any(|line| line.starts_with(b"boot ")),
        Ok(Told::Nothing) => false,
        Ok(Told::Stranger) | Err(_) => true,
    };
    !in_charge && matches!(own.status(), Ok(Told::By(status)) if status.pid == 0)
}
