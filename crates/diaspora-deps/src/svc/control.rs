//! `start`, `stop` and `restart`: writes commands to supervise's control FIFO, for a limited
//! time, and reads its status files until the services are down.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use daemontools::servicedir::control;
use daemontools::servicedir::status::Want;
use daemontools::{Errno, PERMANENT, Result, errno, servicedir};

use super::services::{ME, label};
use crate::{read, supervised};

/// How long a FIFO may be full.
const FIFO_TIMEOUT: Duration = Duration::from_secs(5);
/// The time between two reads of the status files.
const POLL: Duration = Duration::from_millis(20);

pub(super) fn start(services: &[PathBuf]) -> i32 {
    send_to_all(services, b"u").1
}

pub(super) fn stop(services: &[PathBuf], timeout: Duration) -> i32 {
    let (sent, code) = send_to_all(services, b"d");
    code.max(wait_down(&sent, timeout))
}

/// Stops all services, then starts all. One that did not stop in time is started when it
/// has ended.
pub(super) fn restart(services: &[PathBuf], timeout: Duration) -> i32 {
    let (sent, code) = send_to_all(services, b"d");
    let code = code.max(wait_down(&sent, timeout));
    let sent: Vec<PathBuf> = sent.into_iter().cloned().collect();
    code.max(send_to_all(&sent, b"u").1)
}

/// Sends a command to all services; gives those that it was sent to, and the highest exit
/// code.
fn send_to_all<'a>(services: &'a [PathBuf], command: &[u8]) -> (Vec<&'a PathBuf>, i32) {
    let mut worst = 0;
    let mut sent = Vec::new();
    for service in services {
        match send(service, command) {
            Ok(()) => sent.push(service),
            Err(error) => worst = worst.max(warn(service, error)),
        }
    }
    (sent, worst)
}

fn warn(service: &Path, error: Errno) -> i32 {
    let name = label(service);
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

fn send(service: &Path, command: &[u8]) -> Result<()> {
    let path = read::c_path_in(service, servicedir::CONTROL)?;
    control::write_within(control::open(&path)?, command, FIFO_TIMEOUT)
}

/// Waits until all services are down; warns of those that are not when time is up.
fn wait_down(services: &[&PathBuf], timeout: Duration) -> i32 {
    let deadline = Instant::now() + timeout;
    let mut running: Vec<&PathBuf> = services.to_vec();
    loop {
        // A service without a process may be about to start: it is down only if its status
        // has the command as well.
        running.retain(|service| {
            !supervised::status(service)
                .is_some_and(|status| status.pid == 0 && status.want == Want::Down)
        });
        if running.is_empty() {
            return 0;
        }
        if Instant::now() >= deadline {
            for service in running {
                ME.warning(&[label(service), b" is still not down"], Errno::ETIMEDOUT);
            }
            return daemontools::TEMPORARY;
        }
        thread::sleep(POLL);
    }
}
