//! Kubernetes' file for the reason of a container's end.

use core::ffi::CStr;

use daemontools::unix::fd;
use daemontools::unix::file::{self, Kind};

const PATH: &CStr = c"/dev/termination-log";

/// Writes a line, if the file is there and can be written.
pub(super) fn write(parts: &[&[u8]]) {
    let Ok(file) = file::open_update_nofollow(PATH) else {
        return;
    };
    if file::fstat(&file).is_ok_and(|facts| facts.kind == Kind::Regular) {
        let line = [&parts.concat()[..], b"\n"].concat();
        let _ = fd::write_all(&file, &line);
    }
}
