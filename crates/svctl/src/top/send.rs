//! Sends a command to supervise, without a message: the screen is the model's.

use std::time::Duration;

use daemontools::servicedir::{self, control};
use daemontools::{Errno, errno};

use super::order::Order;
use crate::service::{Service, c_path, path_of};

/// How long supervise may take to read.
const PATIENCE: Duration = Duration::from_secs(1);

/// Sends it. Gives what there is to say, and whether it failed.
pub(super) fn send(service: &Service, label: &str, order: Order) -> (String, bool) {
    let path = service
        .directory
        .join(path_of(servicedir::CONTROL.to_bytes()));
    let sent = c_path(&path)
        .and_then(|path| control::open(&path))
        .and_then(|control| control::write_within(control, order.letters, PATIENCE));
    match sent {
        Ok(()) => (format!("{label}: {}", order.words), false),
        Err(Errno::ENXIO | Errno::ENOENT) => (format!("{label}: no supervise"), true),
        Err(error) => (format!("{label}: {}", errno::text(error)), true),
    }
}
