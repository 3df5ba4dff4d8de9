//! Nothing of a run may outlive it, whatever happens to the run.
//!
//! The harness starts itself again: the first process, the keeper, only waits.
//! It is the one to whom orphans are given, so when the second, which runs the
//! cases, ends (or panics, or is killed), everything that is still there is a
//! descendant of the keeper, and is killed. The second dies with the keeper.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::fd::RawFd;
use std::os::unix::process::parent_id;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{SigHandler, Signal, kill, signal};
use nix::sys::wait::{WaitStatus, wait};
use nix::unistd::Pid;

const ROOT: &str = "CONFORMANCE_ROOT";

/// Returns, in the second process, the directory for everything temporary; the
/// first never returns from here.
///
/// # Errors
/// When the second process cannot be started or has lost its keeper.
pub fn enter() -> io::Result<PathBuf> {
    if let Some(root) = env::var_os(ROOT) {
        prctl::set_pdeathsig(Signal::SIGKILL)?;
        let keeper = env::var_os("CONFORMANCE_KEEPER");
        if keeper != Some(OsString::from(parent_id().to_string())) {
            return Err(io::Error::other("the keeper is gone"));
        }
        close_on_exec()?;
        return Ok(PathBuf::from(root));
    }
    std::process::exit(keep()?)
}

/// What the runner itself inherited (a jobserver, say) is not for the cases.
fn close_on_exec() -> io::Result<()> {
    for entry in fs::read_dir("/proc/self/fd")? {
        let name = entry?.file_name();
        let Some(number) = name.to_str().and_then(|name| name.parse::<RawFd>().ok()) else {
            continue;
        };
        if number > 2 {
            #[allow(unsafe_code)]
            // SAFETY: only its flag changes; a number that is closed by now is refused.
            unsafe {
                libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC)
            };
        }
    }
    Ok(())
}

fn keep() -> io::Result<i32> {
    let root = tempfile::Builder::new().prefix("conformance.").tempdir()?;
    prctl::set_child_subreaper(true)?;
    let runner = Command::new("/proc/self/exe")
        .args(env::args_os().skip(1))
        .env(ROOT, root.path())
        .env("CONFORMANCE_KEEPER", std::process::id().to_string())
        .spawn()?;
    // An interrupt at the terminal reaches the runner as well; the keeper stays
    // to tidy up. Ignored only now, for the runner would inherit it.
    ignore_interrupts()?;
    let runner = Pid::from_raw(i32::try_from(runner.id()).map_err(io::Error::other)?);
    let code = loop {
        match wait() {
            Ok(WaitStatus::Exited(pid, code)) if pid == runner => break code,
            Ok(WaitStatus::Signaled(pid, signal, _)) if pid == runner => break 128 + signal as i32,
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    };
    kill_descendants();
    make_removable(root.path());
    Ok(code)
}

#[allow(unsafe_code)]
fn ignore_interrupts() -> io::Result<()> {
    for interrupt in [Signal::SIGINT, Signal::SIGHUP, Signal::SIGTERM] {
        // SAFETY: ignoring a signal installs no handler.
        unsafe { signal(interrupt, SigHandler::SigIgn) }?;
    }
    Ok(())
}

/// Kills children until there are none: the orphans of those that die become
/// children in their turn.
fn kill_descendants() {
    let own = std::process::id().to_string();
    loop {
        for process in crate::process::all() {
            if process.parent.to_string() == own {
                kill(process.pid, Signal::SIGKILL).ok();
            }
        }
        match wait() {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return,
        }
    }
}

/// A directory without permissions could not be removed by an ordinary user.
pub(crate) fn make_removable(dir: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).ok();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            make_removable(&entry.path());
        }
    }
}
