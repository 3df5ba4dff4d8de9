//! Kills every process of a run when the run ends, however it ends.
//!
//! The harness starts itself again. The first process, the keeper, only waits; orphans become
//! its children (PR_SET_CHILD_SUBREAPER). The second process, the runner, runs the cases. When
//! it ends, panics or is killed, every process that is left is a descendant of the keeper,
//! which kills it. The runner dies with the keeper.

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
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, wait, waitpid};
use nix::unistd::Pid;

/// The environment variables that tell the runner what it is.
const ROOT: &str = "CONFORMANCE_ROOT";
const KEEPER: &str = "CONFORMANCE_KEEPER";

/// Returns in the runner only, with the directory for all temporary files.
///
/// # Errors
/// The runner cannot be started, or has lost its keeper.
pub fn enter() -> io::Result<PathBuf> {
    if let Some(root) = env::var_os(ROOT) {
        prctl::set_pdeathsig(Signal::SIGKILL)?;
        let keeper = env::var_os(KEEPER);
        if keeper != Some(OsString::from(parent_id().to_string())) {
            return Err(io::Error::other("the keeper is gone"));
        }
        close_on_exec()?;
        return Ok(PathBuf::from(root));
    }
    std::process::exit(keep()?)
}

/// Descriptors that the runner inherited, such as a jobserver, are not for the cases.
fn close_on_exec() -> io::Result<()> {
    for entry in fs::read_dir("/proc/self/fd")? {
        let name = entry?.file_name();
        let Some(number) = name.to_str().and_then(|name| name.parse::<RawFd>().ok()) else {
            continue;
        };
        if number > 2 {
            #[allow(unsafe_code)]
            // SAFETY: only its flag changes; a number that was closed meanwhile is refused.
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
    // Waited for, never delivered. (Std gives the runner an empty mask.)
    let mut awaited = SigSet::empty();
    awaited.extend([
        Signal::SIGCHLD,
        Signal::SIGINT,
        Signal::SIGHUP,
        Signal::SIGTERM,
    ]);
    awaited.thread_block()?;
    let runner = Command::new("/proc/self/exe")
        .args(env::args_os().skip(1))
        .env(ROOT, root.path())
        .env(KEEPER, std::process::id().to_string())
        .spawn()?;
    let runner = Pid::from_raw(i32::try_from(runner.id()).map_err(io::Error::other)?);
    let code = loop {
        if let Some(code) = end_of(runner)? {
            break code;
        }
        if awaited.wait()? != Signal::SIGCHLD {
            // An interrupt of the keeper is meant for the run.
            kill(runner, Signal::SIGKILL).ok();
        }
    };
    kill_descendants();
    make_removable(root.path());
    Ok(code)
}

/// Reaps children that have ended; gives the exit code of the runner if it is one.
fn end_of(runner: Pid) -> io::Result<Option<i32>> {
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(pid, code)) if pid == runner => return Ok(Some(code)),
            Ok(WaitStatus::Signaled(pid, signal, _)) if pid == runner => {
                return Ok(Some(128 + signal as i32));
            }
            Ok(WaitStatus::StillAlive) => return Ok(None),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// Kills children until there are none: the children of a killed process become the
/// keeper's.
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
