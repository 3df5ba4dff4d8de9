//! Messages, and what follows a failure after input was read: a warning, a pause, another
//! try, without end.

use core::time::Duration;

use daemontools::Errno;
use daemontools::strerr::Reporter;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::{memory, poll};

/// Writes this program's messages; drops one rather than wait for its reader.
pub(crate) static ME: Reporter = Reporter::long_lived("multilog");

/// The time between two tries.
const PAUSE: Duration = Duration::from_secs(5);

/// Calls `attempt` until it succeeds. Each failure is a warning, `PARTS, pausing:
/// ERROR`, and a pause.
pub(crate) fn retry<T>(parts: &[&[u8]], mut attempt: impl FnMut() -> Result<T, Errno>) -> T {
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
    ME.warning(&[parts, &[b", pausing"]].concat(), error);
    memory::rest(|| poll::pause_until(Monotonic::now() + PAUSE));
}
