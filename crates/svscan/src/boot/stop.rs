//! Stops services with `svc`, before the start and after the end of svscan.

use core::ffi::CStr;
use core::time::Duration;
use std::ffi::CString;
use std::os::fd::AsFd;

use daemontools::servicedir::OK;
use daemontools::servicedir::ok::{self, Accept};
use daemontools::unix::clock::Monotonic;
use daemontools::unix::dir::Dir;
use daemontools::unix::{file, poll, process};

use super::boot_env::BootEnv;

/// What a service's name ends with if it is a logger.
const LOG: &[u8] = b"/log";
/// The longest time that loggers get for the last lines of their services.
const LOGGER_PATIENCE: Duration = Duration::from_secs(5);
/// The time between two looks whether the services have ended.
const LOOK: Duration = Duration::from_millis(20);
/// The most bytes of names in one call of `svc`.
const BATCH: usize = 64 * 1024;

/// Stops what ran before svscan is started, as `svc -dx DIR/* DIR/*/log` in the reference,
/// all services before all loggers. A logger gets time to read the last lines of its
/// service.
pub(super) fn stop_previous(env: &BootEnv, dir: &CStr) {
    let (services, loggers) = names(dir);
    svc(env, c"-dx", &services);
    let deadline = Monotonic::now() + LOGGER_PATIENCE;
    while loggers.iter().any(|logger| both_supervised(logger)) && Monotonic::now() < deadline {
        poll::pause_until(Monotonic::now() + LOOK);
    }
    svc(env, c"-dx", &loggers);
}

/// Stops what svscan has left: services end, and loggers at the end of their input. Does not
/// wait.
pub(super) fn stop_remaining(env: &BootEnv, dir: &CStr) {
    let (services, loggers) = names(dir);
    svc(env, c"-dx", &services);
    svc(env, c"-cx", &loggers);
}

/// Runs `svc` on all `names`, in as many calls as they need.
fn svc(env: &BootEnv, option: &CStr, names: &[CString]) {
    let mut rest = names;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = rest.iter().take_while(|name| {
            bytes += name.count_bytes() + 1;
            bytes <= BATCH
        });
        let (batch, after) = rest.split_at(fits.count().max(1));
        rest = after;
        let words = [c"svc", option].into_iter();
        let argv = words.chain(batch.iter().map(CString::as_c_str)).collect();
        if let Ok(pid) = env.start(&argv, [env.null.as_fd(); 3]) {
            let _ = process::wait_for(pid);
        }
    }
}

/// The paths of all services of a directory, and of all their loggers.
fn names(dir: &CStr) -> (Vec<CString>, Vec<CString>) {
    let mut services = Vec::new();
    let mut loggers = Vec::new();
    if let Ok(names) = Dir::open(dir) {
        // What cannot be read is skipped.
        let _ = names.each(|name, _| {
            if name.to_bytes().first() == Some(&b'.') {
                return;
            }
            let service = [dir.to_bytes(), b"/", name.to_bytes()].concat();
            let logger = CString::new([&service[..], LOG].concat());
            services.extend(CString::new(service));
            loggers.extend(logger.ok().filter(|logger| file::lstat(logger).is_ok()));
        });
    }
    (services, loggers)
}

/// Whether supervises run for both a logger and its service.
fn both_supervised(logger: &CStr) -> bool {
    let logger = logger.to_bytes();
    let service = logger.strip_suffix(LOG).unwrap_or(logger);
    [logger, service].into_iter().all(|dir| {
        CString::new([dir, b"/", OK.to_bytes()].concat())
            .is_ok_and(|path| ok::is_supervised(&path, Accept::Fifo) == Ok(true))
    })
}
