//! Processes: made, waited for, signalled.

use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sys::wait::WaitPidFlag;
use nix::unistd::ForkResult;
pub use nix::unistd::Pid;

use super::signal::Signal;
use super::thread;
use crate::{Errno, Result};

/// Which side of a fork this is.
#[derive(Clone, Copy, Debug)]
pub enum Fork {
    /// The new process.
    Child,
    /// The old one, with the pid of the new.
    Parent(Pid),
}

/// Makes a child. There is one thread, so the child may do whatever the parent might.
/// (A program with threads has [`std::process::Command`].)
///
/// # Errors
/// What `fork(2)` says; EDEADLK once this process has had other threads.
pub fn fork() -> Result<Fork> {
    if thread::are_several() {
        return Err(Errno::EDEADLK);
    }
    // SAFETY: no thread has been started, so that there is none whose locks the child
    // could inherit.
    match unsafe { nix::unistd::fork() }? {
        ForkResult::Child => Ok(Fork::Child),
        ForkResult::Parent { child } => Ok(Fork::Parent(child)),
    }
}

/// Makes a child that runs `child`, which gives its exit code should it return, and does
/// not wait for it: whatever it execs may hang for as long as it likes. It is a copy of
/// this process; what it changes is not changed here.
///
/// # Errors
/// As [`fork`].
pub fn spawn(child: impl FnOnce() -> i32) -> Result<Pid> {
    match fork()? {
        Fork::Parent(pid) => Ok(pid),
        Fork::Child => exit_now(child()),
    }
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, with this code.
    Exited(i32),
    /// By a signal.
    Killed(i32),
}

impl End {
    /// What a status of `waitpid(2)` says of a process that has ended.
    pub(super) const fn of(status: i32) -> Self {
        if libc::WIFSIGNALED(status) {
            Self::Killed(libc::WTERMSIG(status))
        } else {
            Self::Exited(libc::WEXITSTATUS(status))
        }
    }
}

/// The next child that has ended, if any: its pid and how it ended. Also children
/// that this process did not make but inherited.
///
/// # Errors
/// What `waitpid(2)` says, but for EINTR, and for having no children.
pub fn reap() -> Result<Option<(Pid, End)>> {
    loop {
        let mut status = 0;
        // SAFETY: the kernel writes one integer.
        let pid = unsafe { libc::waitpid(-1, &raw mut status, WaitPidFlag::WNOHANG.bits()) };
        return match Errno::result(pid) {
            Ok(0) | Err(Errno::ECHILD) => Ok(None),
            Ok(pid) => Ok(Some((Pid::from_raw(pid), End::of(status)))),
            Err(Errno::EINTR) => continue,
            Err(error) => Err(error),
        };
    }
}

/// A child that has ended, if any; it stays there to be waited for, and so its pid and
/// its process group are still its own.
///
/// # Errors
/// What `waitid(2)` says, but for EINTR, and for having no children.
pub fn ended_child() -> Result<Option<Pid>> {
    loop {
        // SAFETY: a structure of integers and pointers, for which zeros are a value.
        let mut info: libc::siginfo_t = unsafe { core::mem::zeroed() };
        let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        // SAFETY: the kernel writes one structure, or nothing where no child has ended.
        let result = unsafe { libc::waitid(libc::P_ALL, 0, &raw mut info, flags) };
        return match Errno::result(result) {
            Ok(_) => {
                // SAFETY: what waitid writes is about a child; what it leaves is zero.
                let pid = unsafe { info.si_pid() };
                Ok((pid != 0).then(|| Pid::from_raw(pid)))
            }
            Err(Errno::ECHILD) => Ok(None),
            Err(Errno::EINTR) => continue,
            Err(error) => Err(error),
        };
    }
}

/// Sends a signal to each process of the group that `leader` leads.
///
/// # Errors
/// ESRCH if it has none, or `leader` leads none; else what `kill(2)` says.
pub fn kill_group(leader: Pid, signal: Signal) -> Result<()> {
    nix::sys::signal::killpg(leader, signal)
}

/// Waits for one child and says how it ended.
///
/// # Errors
/// What `waitpid(2)` says, but for EINTR.
pub fn wait_for(pid: Pid) -> Result<End> {
    loop {
        let mut status = 0;
        // SAFETY: the kernel writes one integer.
        let result = unsafe { libc::waitpid(pid.as_raw(), &raw mut status, 0) };
        return match Errno::result(result) {
            Ok(_) => Ok(End::of(status)),
            Err(Errno::EINTR) => continue,
            Err(error) => Err(error),
        };
    }
}

/// Makes this process the leader of a new session, and so of a new process group.
///
/// # Errors
/// EPERM for one that leads a group already.
pub fn new_session() -> Result<()> {
    nix::unistd::setsid().map(drop)
}

/// Makes this process the leader of a new process group.
///
/// # Errors
/// What `setpgid(2)` says: EPERM for one that leads a session.
pub fn new_group() -> Result<()> {
    nix::unistd::setpgid(Pid::from_raw(0), Pid::from_raw(0))
}

/// The pid of this process's parent; 0 for one in another pid namespace.
#[must_use]
pub fn parent() -> u32 {
    nix::unistd::getppid().as_raw().unsigned_abs()
}

/// Has the kernel kill this process when its parent ends: for a helper that must not
/// be left behind. Exec'ed programs keep it.
///
/// # Errors
/// What `prctl(2)` says.
pub fn die_with_parent() -> Result<()> {
    nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)
}

/// Has the program that `command` starts be killed when the thread that starts it ends.
pub fn end_with_parent(command: &mut Command) -> &mut Command {
    let ask = || die_with_parent().map_err(std::io::Error::from);
    // SAFETY: the closure makes one system call; it takes no lock and no memory, so
    // that it may run in a child of a process with other threads.
    unsafe { command.pre_exec(ask) }
}

/// Sends a signal to one process.
///
/// # Errors
/// What `kill(2)` says.
pub fn kill(pid: Pid, signal: Signal) -> Result<()> {
    nix::sys::signal::kill(pid, signal)
}

/// Whether there is a process with this pid, be it one that has ended and was not waited
/// for. Takes no descriptor.
#[must_use]
pub fn exists(pid: Pid) -> bool {
    nix::sys::signal::kill(pid, None) != Err(Errno::ESRCH)
}

/// Ends this process at once: for a child that could not exec, which must not run
/// what its parent has registered for its own end.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: _exit does not return and touches no memory.
    unsafe { libc::_exit(code) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_a_copy_and_there_is_none_of_a_process_that_has_had_threads() {
        let mut here = 0;
        let pid = spawn(|| {
            here = 7;
            here
        })
        .expect("a child");
        assert_eq!(wait_for(pid), Ok(End::Exited(7)));
        assert_eq!(here, 0);
        let thread = thread::builder().spawn(|| ()).expect("a thread");
        thread.join().expect("its end");
        assert!(matches!(fork(), Err(Errno::EDEADLK)));
    }
}
