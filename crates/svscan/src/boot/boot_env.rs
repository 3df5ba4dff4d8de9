//! How svscanboot starts programs: with an environment of one variable, the descriptors that
//! it is told, and the signals that svscanboot itself inherited.

use std::ffi::CString;
use std::os::fd::{BorrowedFd, OwnedFd};

use daemontools::unix::exec::Strings;
use daemontools::unix::process::{self, Fork, Pid};
use daemontools::unix::signal::{self, Mask, Signal};
use daemontools::unix::{fd, file};
use daemontools::{Result, TEMPORARY, pathexec};

/// The search path.
const PATH: &[u8] =
    b"/command:/usr/local/bin:/usr/local/sbin:/bin:/sbin:/usr/bin:/usr/sbin:/usr/X11R6/bin";
/// The name of the only variable, with its `=`.
const NAME: &[u8] = b"PATH=";

/// What all programs are started with.
pub(super) struct BootEnv {
    /// The inherited signal mask.
    pub(super) mask: Mask,
    child_ignored: bool,
    /// `/dev/null`.
    pub(super) null: OwnedFd,
    /// The only variable of the environment.
    path: CString,
}

impl BootEnv {
    /// Notes what was inherited; blocks SIGCHLD.
    ///
    /// # Errors
    /// Those of opening `/dev/null`.
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            mask: Mask::block(&[Signal::SIGCHLD]),
            child_ignored: signal::is_ignored(Signal::SIGCHLD),
            null: file::open_null()?,
            path: search_path(),
        })
    }

    /// Starts a program in a process group of its own, with `standard` as its descriptors 0,
    /// 1 and 2; gives its pid.
    ///
    /// # Errors
    /// Those of `fork(2)`.
    pub(super) fn start(&self, argv: &Strings, standard: [BorrowedFd; 3]) -> Result<Pid> {
        match process::fork()? {
            Fork::Parent(pid) => Ok(pid),
            Fork::Child => {
                // Of a new child, this cannot fail.
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
}

/// The search path, with its name. If svscanboot is installed in a directory that is not on
/// it, that directory comes first: the other programs are there.
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
    fn directory_of_svscanboot_is_on_the_path_once() {
        let plain = [NAME, PATH].concat();
        for on_it in [&b"/usr/bin"[..], b"/command", b"", b"/a:b"] {
            assert_eq!(with_own(on_it), plain);
        }
        let path = with_own(b"/opt/dt/bin");
        assert!(path.starts_with(b"PATH=/opt/dt/bin:/command:/usr/local/bin:"));
        assert!(path.ends_with(&plain[NAME.len()..]));
    }
}
