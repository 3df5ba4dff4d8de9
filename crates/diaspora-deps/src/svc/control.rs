//! Commands to the supervise of a service: one write to its control FIFO, for a limited
//! time.

use std::path::Path;
use std::time::Duration;

use daemontools::servicedir::control;
use daemontools::{Errno, PERMANENT, Result, errno, servicedir};

use super::services::{ME, Service};
use crate::read;

/// How long a FIFO may be full.
const FIFO_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) fn send(service: &Path, command: &[u8]) -> Result<()> {
    let path = read::c_path_in(service, servicedir::CONTROL)?;
    control::write_within(control::open(&path)?, command, FIFO_TIMEOUT)
}

/// Warns of a command that could not be sent; gives the exit code.
pub(super) fn warn(service: &Service, error: Errno) -> i32 {
    let name = service.label();
    match error {
        Errno::ENXIO | Errno::ENOENT => {
            ME.warning(
                &[b"unable to control ", name, b": supervise not running"],
                None,
            );
            PERMANENT
        }
        error => {
            ME.warning(&[b"unable to control ", name], error);
            errno::exit_code(error)
        }
    }
}
