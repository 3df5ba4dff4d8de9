//! The ground that svscanboot prepares: what programs are started with, and an end
//! to what ran before.

use core::ffi::CStr;
use core::time::Duration;
use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use daemontools::servicedir::OK;
use daemontools::servicedir::ok::{self, Accept};
use daemontools::unix::clock::Monotonic;
use daemontools::unix::dir::Dir;
use daemontools::unix::exec::Strings;
use daemontools::unix::process::{self, Fork, Pid};
use daemontools::unix::signal::{self, Mask, Signal};
use daemontools::unix::{fd, file, poll};
use daemontools::{Result, TEMPORARY, pathexec};

/// The search path of what is started.
const PATH: &[u8] =
    b"/command:/usr/local/bin:/usr/local/sbin:/bin:/sbin:/usr/bin:/usr/sbin:/usr/X11R6/bin";
/// What makes a service's name its logger's.
const LOG: &[u8] = b"/log";
/// With this name before it, it is the whole environment.
const NAME: &[u8] = b"PATH=";
/// How long loggers are left for the last lines of their services at most.
const PARTING: Duration = Duration::from_secs(5);
/// The time between two looks whether those have ended.
const LOOK: Duration = Duration::from_millis(20);
/// How many bytes of names are given to one `svc`.
const BATCH: usize = 64 * 1024;

/// What all programs are started with.
pub(super) struct Ground {
    /// The mask that was inherited.
    pub(super) mask: Mask,
    child_ignored: bool,
    pub(super) null: OwnedFd,
    /// The environment: one variable.
    path: CString,
}

impl Ground {
    /// What was inherited; blocks SIGCHLD.
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            mask: Mask::block(&[Signal::SIGCHLD]),
            child_ignored: signal::is_ignored(Signal::SIGCHLD),
            null: file::open_null()?,
            path: search_path(),
        })
    }

    /// Starts a program in a process group of its own, with these as its standard
    /// descriptors; gives its pid.
    pub(super) fn start(&self, argv: &Strings, standard: [BorrowedFd; 3]) -> Result<Pid> {
        match process::fork()? {
            Fork::Parent(pid) => Ok(pid),
            Fork::Child => {
                // Of a child that was just made, this can't fail.
                let _ = process::new_group();
                for (number, fd) in (0..).zip(standard) {
                    if fd::become_standard(fd, number).is_err() {
                        process::exit_now(TEMPORARY);
                    }
                }
                if self.child_ignored {
                    signal::ignore(Signal::SIGCHLD);
                }
                self.mask.install();
                let env = [self.path.as_c_str()].into_iter().collect();
                pathexec::exec_clean(argv, &self.path.to_bytes()[NAME.len()..], &env);
                process::exit_now(TEMPORARY)
            }
        }
    }

    /// What `svc -dx DIR/* DIR/*/log` does in the reference, all services before all
    /// loggers. A logger is left the time to take what its service says as it ends.
    pub(super) fn clear(&self, dir: &CStr) {
        let (services, loggers) = names(dir);
        self.svc(c"-dx", &services);
        let deadline = Monotonic::now() + PARTING;
        while loggers.iter().any(|logger| is_logged(logger)) && Monotonic::now() < deadline {
            poll::pause_until(Monotonic::now() + LOOK);
        }
        self.svc(c"-dx", &loggers);
    }

    /// Has services end, and loggers at the end of their input. Needs no waiting.
    pub(super) fn stop(&self, dir: &CStr) {
        let (services, loggers) = names(dir);
        self.svc(c"-dx", &services);
        self.svc(c"-cx", &loggers);
    }

    /// In as many calls as the names need.
    fn svc(&self, option: &CStr, names: &[CString]) {
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
            if let Ok(pid) = self.start(&argv, [self.null.as_fd(); 3]) {
                let _ = process::wait_for(pid);
            }
        }
    }
}

/// The services of a directory, and their loggers.
fn names(dir: &CStr) -> (Vec<CString>, Vec<CString>) {
    let mut services = Vec::new();
    let mut loggers = Vec::new();
    if let Ok(names) = Dir::open(dir) {
        // Names that can't be read have no svc to hear of them.
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

/// Whether both a logger and its service are supervised.
fn is_logged(logger: &CStr) -> bool {
    let logger = logger.to_bytes();
    let service = logger.strip_suffix(LOG).unwrap_or(logger);
    [logger, service].into_iter().all(|dir| {
        CString::new([dir, b"/", OK.to_bytes()].concat())
            .is_ok_and(|path| ok::is_supervised(&path, Accept::Fifo) == Ok(true))
    })
}

/// The search path, with its name. Installed in a directory that is not on it,
/// svscanboot's own comes first: the other programs are there.
fn search_path() -> CString {
    let mut buffer = [0; 4096];
    let own = file::read_link(c"/proc/self/exe", &mut buffer).unwrap_or(b"");
    let own = own.rsplitn(2, |&byte| byte == b'/').nth(1).unwrap_or(b"");
    CString::new(with_own(own)).unwrap_or_default()
}

fn with_own(own: &[u8]) -> Vec<u8> {
    let mut directories = PATH.split(|&byte| byte == b':');
    if own.is_empty() || own.contains(&b':') || directories.any(|directory| directory == own) {
        return [NAME, PATH].concat();
    }
    [NAME, own, b":", PATH].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_directory_is_on_the_path_once() {
        let plain = [NAME, PATH].concat();
        for on_it in [&b"/usr/bin"[..], b"/command", b"", b"/a:b"] {
            assert_eq!(with_own(on_it), plain);
        }
        let path = with_own(b"/opt/dt/bin");
        assert!(path.starts_with(b"PATH=/opt/dt/bin:/command:/usr/local/bin:"));
        assert!(path.ends_with(&plain[NAME.len()..]));
    }
}
