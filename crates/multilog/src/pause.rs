//! Trouble after input was read: say so, wait, try again, for as long as it takes.

use core::time::Duration;

use daemontools::Errno;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::{memory, poll};

use crate::ME;

/// How long to wait before the next try.
const PAUSE: Duration = Duration::from_secs(5);

/// Does `what` until it succeeds, with a warning and a pause after each failure.
pub(crate) fn until<T>(parts: &[&[u8]], mut what: impl FnMut() -> Result<T, Errno>) -> T {
    loop {
        match what() {
            Ok(value) => return value,
            Err(Errno::EINTR) => {}
            Err(error) => because(parts, error),
        }
    }
}

/// `warning: PARTS, pausing: ERROR`, and a pause.
pub(crate) fn because(parts: &[&[u8]], error: impl Into<Option<Errno>>) {
    let mut all: [&[u8]; 6] = [b""; 6];
    for (place, part) in all.iter_mut().zip(parts) {
        *place = part;
    }
    all[5] = b", pausing";
    ME.warning(&all, error);
    memory::rest(|| poll::pause_until(Monotonic::now() + PAUSE));
}
