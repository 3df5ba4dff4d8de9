//! Speaks to supervise through its control FIFO, which never makes us wait, and
//! waits on its records until down is down.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use daemontools::servicedir::control;
use daemontools::servicedir::status::Want;
use daemontools::{Errno, PERMANENT, Result, errno, servicedir};

use super::{ME, shown};
use crate::{question, read};

/// How long a service may leave its FIFO full.
const ROOM: Duration = Duration::from_secs(5);
/// How often the records are looked at.
const LOOK: Duration = Duration::from_millis(20);

pub(super) fn start(services: &[PathBuf]) -> i32 {
    tell_all(services, b"u").1
}

pub(super) fn stop(services: &[PathBuf], timeout: Duration) -> i32 {
    let (told, code) = tell_all(services, b"d");
    code.max(wait_down(&told, timeout))
}

/// Down first, all of them; then up, even those that are still on their way down:
/// they come back when they have ended.
pub(super) fn restart(services: &[PathBuf], timeout: Duration) -> i32 {
    let (told, code) = tell_all(services, b"d");
    let code = code.max(wait_down(&told, timeout));
    let told: Vec<PathBuf> = told.into_iter().cloned().collect();
    code.max(tell_all(&told, b"u").1)
}

/// Tells all; gives those that were told, and the worst exit code.
fn tell_all<'a>(services: &'a [PathBuf], command: &[u8]) -> (Vec<&'a PathBuf>, i32) {
    let mut worst = 0;
    let mut told = Vec::new();
    for service in services {
        match tell(service, command) {
            Ok(()) => told.push(service),
            Err(error) => worst = worst.max(complain(service, error)),
        }
    }
    (told, worst)
}

fn complain(service: &Path, error: Errno) -> i32 {
    let name = shown(service);
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

fn tell(service: &Path, command: &[u8]) -> Result<()> {
    let path = read::c_path_in(service, servicedir::CONTROL)?;
    control::write_within(control::open(&path)?, command, ROOM)
}

/// Waits until none of them runs, and says which still does when time is up.
fn wait_down(services: &[&PathBuf], timeout: Duration) -> i32 {
    let deadline = Instant::now() + timeout;
    let mut left: Vec<&PathBuf> = services.to_vec();
    loop {
        // Only supervise's own record of the command counts, or a service that was
        // just starting would pass for down.
        left.retain(|service| {
            !question::status(service)
                .is_some_and(|status| status.pid == 0 && status.want == Want::Down)
        });
        if left.is_empty() {
            return 0;
        }
        if Instant::now() >= deadline {
            for service in left {
                ME.warning(&[shown(service), b" is still not down"], Errno::ETIMEDOUT);
            }
            return daemontools::TEMPORARY;
        }
        thread::sleep(LOOK);
    }
}
