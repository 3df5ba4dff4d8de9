//! Failures after input was read: a warning, a pause, another try, without end.

use core::time::Duration;

use daemontools::Errno;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::{memory, poll};

use crate::message::ME;

/// The time between two tries.
const PAUSE: Duration = Duration::from_secs(5);

/// Calls `attempt` until it succeeds. Each failure is a warning, `PARTS, pausing:
/// ERROR`, and a pause.
pub(crate) fn until_ok<T>(parts: &[&[u8]], mut attempt: impl FnMut() -> Result<T, Errno>) -> T {
    loop {
        match attempt() {
            Ok(value) => return value,
            Err(Errno::EINTR) => {}
            Err(error) => pause(parts, error),
        }
    }
}

/// Writes the warning `PARTS, pausing: ERROR` and sleeps.
pub(crate) fn pause(parts: &[&[u8]], error: impl Into<Option<Errno>>) {
    let mut all: [&[u8]; 6] = [b""; 6];
    for (place, part) in all.iter_mut().zip(parts) {
        *place = part;
    }
    all[5] = b", pausing";
    ME.warning(&all, error);
    memory::rest(|| poll::pause_until(Monotonic::now() + PAUSE));
}
